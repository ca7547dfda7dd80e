import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/repository.ts';

const root = join(import.meta.dirname, '../..');
const imports = "import { expect, test } from 'vitest';\n";

/** Runs `npm test`'s script in a folder with the given test files and the real vitest settings. */
async function run(files: Record<string, string>, args: readonly string[] = []) {
  using folder = temporaryFolder();
  cpSync(join(root, 'vitest.config.ts'), join(folder.path, 'vitest.config.ts'));
  symlinkSync(join(root, 'node_modules'), join(folder.path, 'node_modules'));
  // No images and states are removed for tests that make none.
  for (const name of ['images', 'states'])
    folder.write(`test/support/clean-${name}.ts`, 'export function teardown() {}\n');
  for (const [name, source] of Object.entries(files)) folder.write(name, imports + source);
  const result = await execa(process.execPath, [join(root, 'scripts/test.ts'), ...args], {
    cwd: folder.path,
    reject: false,
    env: { NO_COLOR: '1' },
  });
  return { exitCode: result.exitCode, out: result.stdout, last: result.stdout.split('\n').at(-1) };
}

const passes = "test('passes', () => expect(1).toBe(1));";

test('closes with what passed, failed and was skipped', async () => {
  const { last, exitCode } = await run({
    'test/unit/a.test.ts': `${passes} test('fails', () => expect(1).toBe(2)); test.skip('later', () => {}); test.todo('some day');`,
  });
  expect({ last, exitCode }).toEqual({ last: '1 passed, 1 failed, 2 skipped', exitCode: 1 });
});

test('a run in which all passed ends with 0', async () => {
  const { last, exitCode } = await run({ 'test/unit/a.test.ts': passes });
  expect({ last, exitCode }).toEqual({ last: '1 passed, 0 failed', exitCode: 0 });
});

test.each([
  ['a file that does not load', `import './missing.ts'; ${passes}`, '0 passed, 1 failed'],
  [
    'a promise that nobody awaits',
    `test('x', () => { void Promise.reject(new Error('lost')); });`,
    '1 passed, 1 failed',
  ],
  ['a file without tests', '', '0 passed, 1 failed'],
])('%s is a failure', async (_, source, closing) => {
  const { last, exitCode } = await run({ 'test/unit/a.test.ts': source });
  expect({ last, exitCode }).toEqual({ last: closing, exitCode: 1 });
});

test('nothing to run is a failure', async () => {
  const { last, exitCode } = await run({ 'test/unit/a.test.ts': passes }, ['test/unit/other']);
  expect({ last, exitCode }).toEqual({ last: '0 passed, 1 failed', exitCode: 1 });
});

test('only skipped tests are no pass', async () => {
  const { last, exitCode } = await run({ 'test/unit/a.test.ts': "test.skip('x', () => {});" });
  expect({ last, exitCode }).toEqual({ last: '0 passed, 0 failed, 1 skipped', exitCode: 1 });
});

test('tests that need Docker come after those that do not, and those that need quiet last, one file after the other', async () => {
  const stamp = (name: string) =>
    `import { appendFileSync } from 'node:fs'; test('x', async () => {
      appendFileSync('order', '${name} '); await new Promise((done) => setTimeout(done, 300)); appendFileSync('order', '/${name} '); });`;
  const { out, last } = await run({
    'test/chaos/a.test.ts': stamp('a'),
    'test/integration/speed/slots.test.ts': stamp('b'),
    'test/e2e/d.test.ts': stamp('d'),
    'test/unit/c.test.ts': stamp('c'),
    'test/unit/z.test.ts': stamp('z'),
    // Prints the order at the end of the last file; a global teardown would need other settings than the real ones.
    'test/chaos/zz.test.ts':
      "import { readFileSync } from 'node:fs'; test('x', () => console.log('order:' + readFileSync('order', 'utf8')));",
  });
  expect(last).toBe('6 passed, 0 failed');
  const order = /order:(.*)/.exec(out)?.[1] ?? '';
  expect(order).toMatch(/^[cz/ ]+d \/d (a \/a b \/b|b \/b a \/a) ?$/);
});
