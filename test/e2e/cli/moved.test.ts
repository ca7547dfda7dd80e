import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { verdictSchema } from '../../../gym/judge/verdict.ts';
import { commit, tinyCheckout } from '../../support/gym/checkout.ts';
import { madeSince } from '../../support/gym/engine.ts';
import { gym } from '../../support/gym/program.ts';

const run = 'node --test --test-reporter=junit --test-reporter-destination=unit.xml';
const header = (module: string) =>
  `import assert from 'node:assert';\nimport { test } from 'node:test';\nimport { add } from '../src/${module}';\n\n`;
const cases = [
  "test('adds numbers', () => assert.equal(add(1, 2), 3));\n",
  "test('adds nothing', () => assert.equal(add(1, 0), 1));\n",
  "test('adds below zero', () => assert.equal(add(1, -2), -1));\n",
];

/** A module with its tests, on the branch of a refactoring. */
function checkout() {
  const folder = tinyCheckout({
    stages: [{ name: 'unit', command: run, results: { format: 'junit', path: 'unit.xml' } }],
  });
  folder.write('envs/tiny/package.json', '{ "type": "module" }\n');
  folder.write('envs/tiny/src/sum.js', 'export const add = (a, b) => a + b;\n');
  folder.write('envs/tiny/test/sum.test.js', header('sum.js') + cases.join(''));
  commit(folder);
  folder.git('checkout', '-qb', 'refactoring');
  const move = (from: string, to: string) =>
    renameSync(join(folder.path, 'envs/tiny', from), join(folder.path, 'envs/tiny', to));
  move('src/sum.js', 'src/addition.js');
  move('test/sum.test.js', 'test/addition.test.js');
  return folder;
}

test('a refactoring that renames a module with its tests passes: each case is there still', async () => {
  using folder = checkout();
  folder.write('envs/tiny/test/addition.test.js', header('addition.js') + cases.join(''));
  const { stdout, stderr } = await gym(folder.path, ['verify', 'tiny', '--json']);
  const verdict = verdictSchema.parse(JSON.parse(stdout));
  expect(verdict).toMatchObject({
    state: 'pass',
    workspace: { restored: [], moved: [{ from: 'test/sum.test.js', to: 'test/addition.test.js' }] },
  });
  expect(verdict.checks.find(({ name }) => name === 'moved-tests')).toMatchObject({
    state: 'pass',
    because: 'test/sum.test.js -> test/addition.test.js: all 3 cases of the baseline passed',
  });
  expect(stderr).toContain(
    'tests were moved, each case has to be there still: test/sum.test.js -> test/addition.test.js',
  );
});

test('the cases of the baseline are those that a run of it has recorded: its harness does not run again', async () => {
  using folder = checkout();
  folder.git('stash', '-q', '-u');
  expect((await gym(folder.path, ['verify', 'tiny'])).exitCode).toBe(0);
  folder.git('stash', 'pop', '-q');
  const since = Date.now();
  folder.write('envs/tiny/test/addition.test.js', header('addition.js') + cases.join(''));
  const whole = await gym(folder.path, ['verify', 'tiny', '--json']);
  expect(verdictSchema.parse(JSON.parse(whole.stdout)).checks).toContainEqual(
    expect.objectContaining({ name: 'moved-tests', because: expect.stringContaining('all 3 cases of the baseline') }),
  );
  expect(whole.stderr).toContain('the cases of the baseline are as a run of it has recorded them');
  expect(madeSince(folder.path, since)).toHaveLength(1);
});

test('a run of the baseline with other variables has recorded nothing: its harness runs', async () => {
  using folder = checkout();
  folder.git('stash', '-q', '-u');
  const env = { NODE_OPTIONS: '--test-name-pattern=numbers' };
  expect((await gym(folder.path, ['verify', 'tiny'], env)).exitCode).toBe(0);
  folder.git('stash', 'pop', '-q');
  const other = "test('adds much', () => assert.equal(add(1e6, 1), 1000001));\n";
  folder.write('envs/tiny/test/addition.test.js', header('addition.js') + cases.slice(0, 2).join('') + other);
  const { stdout, exitCode } = await gym(folder.path, ['verify', 'tiny']);
  expect(stdout).toContain('1 case of the baseline did not pass or did not run: unit: adds below zero');
  expect(exitCode).toBe(1);
});

test('one that loses a case on the way does not, and the verdict names the case', async () => {
  using folder = checkout();
  const other = "test('adds much', () => assert.equal(add(1e6, 1), 1000001));\n";
  folder.write('envs/tiny/test/addition.test.js', header('addition.js') + cases.slice(0, 2).join('') + other);
  const { stdout, exitCode } = await gym(folder.path, ['verify', 'tiny']);
  expect(exitCode).toBe(1);
  expect(stdout).toContain(
    'fail moved-tests: test/sum.test.js -> test/addition.test.js: 1 case of the baseline did not pass or did not run: unit: adds below zero',
  );
});

test('one that asserts less is no move: the test is restored where it was', async () => {
  using folder = checkout();
  const empty = "test('adds below zero', () => undefined);\n";
  folder.write('envs/tiny/test/addition.test.js', header('addition.js') + cases.slice(0, 2).join('') + empty);
  const { stdout, exitCode } = await gym(folder.path, ['verify', 'tiny']);
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/^restored 1 protected file from main@\w{7}: test\/sum\.test\.js;/m);
});
