import { cpSync, existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryFolder } from '../support/repository.ts';

const root = join(import.meta.dirname, '../..');
const user = temporaryFolder();
afterAll(() => user[Symbol.dispose]());

/** Builds and packs a copy of the repo, for others may be using its own dist/, and installs that in an empty folder. */
beforeAll(async () => {
  using copy = temporaryFolder();
  for (const name of [
    'gym',
    'invariants',
    'scripts',
    'docs',
    'package.json',
    'tsconfig.json',
    'LICENSE',
    'README.md',
  ]) {
    if (existsSync(join(root, name))) cpSync(join(root, name), join(copy.path, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy.path, 'node_modules'));
  await execa('npm', ['pack', '--pack-destination', user.path], { cwd: copy.path });
  user.write('package.json', '{ "name": "user", "private": true, "type": "module" }\n');
  const { stdout: tarball } = await execa('find', [user.path, '-name', '*.tgz']);
  await execa('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball], { cwd: user.path });
}, 120_000);

const inUserFolder = (command: string, ...args: string[]) =>
  execa(command, args, { cwd: user.path, reject: false, all: true });

test.each(['gym', 'devgym'])('npx %s works', async (program) => {
  const { exitCode, stdout } = await inUserFolder('npx', '--no-install', program, '--version');
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringMatching(/\d+\.\d+\.\d+/) });
});

test('the package holds what users need and nothing of the repo', async () => {
  const { stdout } = await inUserFolder(
    'find',
    'node_modules/devgym',
    '-maxdepth',
    '1',
    '-mindepth',
    '1',
    '-printf',
    '%f ',
  );
  const allowed = ['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'docs', 'package.json'];
  expect(stdout.split(' ').filter((name) => name !== '' && !allowed.includes(name))).toEqual([]);
});

test.each(['nodenext', 'preserve'])("import { defineTask } from 'devgym' is typed with module %s", async (module) => {
  const options = { module, target: 'es2024', strict: true, noEmit: true, types: [], skipLibCheck: false };
  user.write('tsconfig.json', JSON.stringify({ compilerOptions: options, files: ['right.ts', 'wrong.ts'] }));
  user.write(
    'right.ts',
    "import { defineTask } from 'devgym';\nexport const define: (task: never) => { name: string } = defineTask;\n",
  );
  user.write('wrong.ts', "import { defineTask } from 'devgym';\ndefineTask({ nonsense: 1 });\n");
  const { all } = await inUserFolder(join(root, 'node_modules/.bin/tsc'), '-p', '.');
  expect(all).toMatch(/^wrong\.ts\(2,\d+\): error TS2353: .*'nonsense' does not exist/);
  expect(all).not.toContain('right.ts');
  expect(all).not.toContain('node_modules');
});

test('the API is there at run time, and refuses what is no task', async () => {
  const { stdout, exitCode } = await inUserFolder(
    process.execPath,
    '-e',
    "import('devgym').then(({ defineTask }) => { try { defineTask({ nonsense: 1 }); } catch (error) { console.log(error.name); } });",
  );
  expect({ stdout, exitCode }).toEqual({ stdout: expect.stringMatching(/Error$/), exitCode: 0 });
});

test('on an older Node the program says what it needs in one line', async (context) => {
  const { stdout } = await execa('bash', ['-c', 'PATH=/usr/bin:/usr/local/bin:/bin node --version || true'], {
    reject: false,
  });
  const major = Number(/^v(\d+)/.exec(stdout)?.[1] ?? 24);
  if (major >= 24) context.skip('no older Node on this machine');
  const path = '/usr/bin:/usr/local/bin:/bin';
  const { exitCode, all } = await execa('node', [join(user.path, 'node_modules/devgym/dist/gym.js'), '--version'], {
    env: { PATH: path },
    preferLocal: false,
    reject: false,
    all: true,
  });
  expect(exitCode).toBe(2);
  expect(all).toMatch(/^gym needs Node\.js 24 or newer; this is \d+\.\d+\.\d+\.$/);
});
