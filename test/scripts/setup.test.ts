import { cpSync, existsSync, mkdirSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { type TemporaryFolder, temporaryFolder } from '../support/repository.ts';

const root = join(import.meta.dirname, '../..');

/** A clone in which the packages are installed and dist/ is built, as far as setup looks. */
function clone(): TemporaryFolder {
  const folder = temporaryFolder();
  cpSync(join(root, 'scripts'), join(folder.path, 'scripts'), { recursive: true });
  cpSync(join(root, 'package-lock.json'), join(folder.path, 'package-lock.json'));
  folder.write('package.json', '{}');
  folder.write('gym/gym.ts', '');
  mkdirSync(join(folder.path, 'node_modules/.bin'), { recursive: true });
  symlinkSync(join(root, 'node_modules/node/bin/node'), join(folder.path, 'node_modules/.bin/node'));
  cpSync(join(root, 'package-lock.json'), join(folder.path, 'node_modules/.devgym-lock'));
  folder.write('dist/.stamp', '');
  const later = new Date(Date.now() + 60_000);
  utimesSync(join(folder.path, 'dist/.stamp'), later, later);
  return folder;
}

const setup = (folder: TemporaryFolder, env: Record<string, string> = {}) =>
  execa(join(folder.path, 'scripts/setup'), { reject: false, all: true, stdin: 'ignore', env });

/** Runs lines of bash with the functions of setup's parts. */
const withParts = (script: string, env: Record<string, string> = {}) => {
  const load = 'for part in lib packages engine debian images; do . scripts/setup.d/$part.sh; done';
  return execa('bash', ['-euo', 'pipefail', '-c', `${load}\n${script}`], { cwd: root, reject: false, all: true, env });
};

test('when all is there it says nothing and takes no time', async () => {
  using folder = clone();
  const durations: number[] = [];
  // Others may be at work on the machine: the quickest of a few tells what it takes by itself.
  for (let round = 0; round < 5; round += 1) {
    const { exitCode, all, durationMs } = await setup(folder);
    expect({ exitCode, all }).toEqual({ exitCode: 0, all: '' });
    durations.push(durationMs);
  }
  expect(Math.min(...durations)).toBeLessThan(300);
});

test('an engine elsewhere that does not answer is left alone: exit 4 and what to do', async () => {
  using folder = clone();
  const { exitCode, all } = await setup(folder, { DOCKER_HOST: 'tcp://127.0.0.1:1' });
  expect(exitCode).toBe(4);
  expect(all).toContain('the Docker engine at tcp://127.0.0.1:1 does not answer');
  expect(all).toContain('unset DOCKER_HOST');
});

test('a node_modules that is a link to other packages is not emptied', async () => {
  using folder = clone();
  using elsewhere = temporaryFolder();
  elsewhere.write('node_modules/.bin/precious', '');
  const linked = temporaryFolder();
  cpSync(join(folder.path, 'scripts'), join(linked.path, 'scripts'), { recursive: true });
  linked.write('package-lock.json', '{ "packages": { "node_modules/zod": { "version": "4.0.0" } } }');
  symlinkSync(join(elsewhere.path, 'node_modules'), join(linked.path, 'node_modules'));
  const { exitCode, all } = await setup(linked);
  linked[Symbol.dispose]();
  expect(exitCode).toBe(1);
  expect(all).toContain('node_modules is a symbolic link');
  expect(existsSync(join(elsewhere.path, 'node_modules/.bin/precious'))).toBe(true);
});

test.each([
  ['the packages of the lock file', '4.6.7', 'yes'],
  ['another version', '4.6.6', 'no'],
])('npm need not install again what it recorded: %s', async (_, version, matches) => {
  using folder = clone();
  const wanted = { 'node_modules/zod': { version: '4.6.7' }, 'node_modules/other-platform': { optional: true } };
  folder.write('package-lock.json', JSON.stringify({ packages: { '': {}, ...wanted } }));
  const installed = { 'node_modules/zod': { version } };
  folder.write('node_modules/.package-lock.json', JSON.stringify({ packages: installed }));
  const { stdout } = await withParts(`cd '${folder.path}'; if packages_match; then echo yes; else echo no; fi`);
  expect(stdout).toBe(matches);
});

describe('dist/ is built again', () => {
  const stale = (folder: TemporaryFolder) =>
    withParts(`cd '${folder.path}'; if build_there; then echo fresh; else echo stale; fi`).then(({ stdout }) => stdout);
  const age = (folder: TemporaryFolder, seconds: number) => {
    const time = new Date(Date.now() + seconds * 1000);
    utimesSync(join(folder.path, 'dist/.stamp'), time, time);
  };

  test('when a source is newer', async () => {
    using folder = clone();
    expect(await stale(folder)).toBe('fresh');
    age(folder, -60);
    expect(await stale(folder)).toBe('stale');
  });

  test('when a source was removed', async () => {
    using folder = clone();
    folder.write('gym/old/one.ts', '');
    const past = new Date(Date.now() - 600_000);
    await execa('find', [folder.path, '-exec', 'touch', '-d', past.toISOString(), '{}', ';']);
    age(folder, -300);
    expect(await stale(folder)).toBe('fresh');
    await execa('rm', [join(folder.path, 'gym/old/one.ts')]);
    expect(await stale(folder)).toBe('stale');
  });
});

describe.skipIf(process.platform !== 'linux')('a pid file', () => {
  test.each([
    ['of a process of that name', 'sleep 30 & echo $! > "$F"; sleep 0.05; P=$!', 'sleep', 'kept'],
    ['of another program', 'sleep 30 & echo $! > "$F"; sleep 0.05; P=$!', 'dockerd', 'removed'],
    ['of no process', 'echo 4194305 > "$F"', 'dockerd', 'removed'],
    ['without a number', ': > "$F"', 'dockerd', 'removed'],
    // The first shell ends at once and is never waited for by the sleep that takes its parent's place.
    [
      'of a process that nobody reaped',
      '(bash -c "exec true" & echo $! > "$F"; exec sleep 30) & P=$!; sleep 0.3',
      'true',
      'removed',
    ],
  ])('%s', async (_, make, program, fate) => {
    using folder = temporaryFolder();
    const { stdout } = await withParts(
      `P=; ${make}; remove_stale_pid_file "$F" ${program}; [ -z "$P" ] || kill $P; if [ -f "$F" ]; then echo kept; else echo removed; fi`,
      { F: join(folder.path, 'pid') },
    );
    expect(stdout).toBe(fate);
  });
});

describe.skipIf(!existsSync('/usr/bin/apt-get'))("the mirror comes from apt's own sources", () => {
  const oneLine =
    'deb http://mirror.test/debian bookworm main contrib\ndeb http://mirror.test/security bookworm-security main\n';
  const deb822 = 'Types: deb\nURIs: http://mirror.test/debian\nSuites: bookworm bookworm-updates\nComponents: main\n';
  const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

  /** Leaves behind what `apt-get update` does for one suite. */
  async function update(folder: TemporaryFolder, site: string, origin: string, suite: string): Promise<void> {
    const { stdout: architecture } = await execa('dpkg', ['--print-architecture']);
    const index = `main/binary-${architecture}/Packages`;
    const release = [`Origin: ${origin}`, `Codename: ${suite}`, `Architectures: ${architecture}`, 'Components: main'];
    const lists = `lists/${site.replaceAll('/', '_')}_dists_${suite}`;
    folder.write(`${lists}_Release`, [...release, 'SHA256:', ` ${emptySha256} 0 ${index}`, ''].join('\n'));
    folder.write(`${lists}_${index.replaceAll('/', '_')}`, '');
  }

  test.each([
    ['one-line form', 'debian.list', oneLine, ['bookworm', 'bookworm-security']],
    ['deb822 form', 'debian.sources', deb822, ['bookworm', 'bookworm-updates']],
  ])('%s', async (_, name, sources, suites) => {
    using folder = temporaryFolder();
    folder.write(`sources.list.d/${name}`, sources);
    folder.write('sources.list.d/third.list', 'deb http://third.test/debian bookworm main\n');
    for (const suite of suites) {
      await update(folder, `mirror.test/${suite.endsWith('security') ? 'security' : 'debian'}`, 'Debian', suite);
    }
    await update(folder, 'third.test/debian', 'Third', 'bookworm');
    folder.write(
      'apt.conf',
      `Dir::Etc::SourceList "/dev/null"; Dir::Etc::SourceParts "${folder.path}/sources.list.d"; Dir::State::Lists "${folder.path}/lists";`,
    );
    const { stdout } = await withParts(
      'os_field() { case $1 in ID) echo debian ;; VERSION_CODENAME) echo bookworm ;; esac; }\nbase_mirror; image_sources "$(base_mirror)" bookworm',
      { APT_CONFIG: join(folder.path, 'apt.conf') },
    );
    expect(stdout.split('\n')).toEqual([
      'http://mirror.test/debian/',
      'deb http://mirror.test/debian/ bookworm main',
      `deb http://mirror.test/${suites[1]?.endsWith('security') ? 'security' : 'debian'}/ ${suites[1]} main`,
    ]);
  });
});

test('base images carry what a build in a container needs', async () => {
  const { stdout } = await execa('docker', [
    'run',
    '--rm',
    'node:24-bookworm-slim',
    'sh',
    '-c',
    'node -v; npm -v; id -u node',
  ]);
  expect(stdout).toMatch(/^v24\.\d+\.\d+\n\d+\.\d+\.\d+\n1000$/);
});

// No test machine reaches a registry, so a program in its place stands for the docker client here.
test.each([
  ['a registry that never answers is given up after a few seconds', 'exec sleep 60', 'failed', [2900, 6000]],
  [
    'one that answers may take its time',
    "echo 'bookworm-slim: Pulling from library/debian'; sleep 6",
    'pulled',
    [6000, 9000],
  ],
  ['one that does not exist costs nothing', 'exit 1', 'failed', [0, 1500]],
] as const)('%s', async (_, pull, result, [leastMs, mostMs]) => {
  using folder = temporaryFolder();
  folder.write('docker', `#!/bin/sh\ncase $1 in pull) ${pull} ;; *) exit 1 ;; esac\n`);
  await execa('chmod', ['+x', join(folder.path, 'docker')]);
  const { stdout, durationMs } = await withParts(
    'if pull debian:bookworm-slim; then echo pulled; else echo failed; fi',
    {
      PATH: `${folder.path}:${process.env['PATH']}`,
    },
  );
  expect(stdout).toBe(result);
  expect(durationMs).toBeGreaterThanOrEqual(leastMs);
  expect(durationMs).toBeLessThan(mostMs);
});
