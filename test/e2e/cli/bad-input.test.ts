import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { box, commit, runsOf, tinyCheckout, writeTask } from '../../support/gym/checkout.ts';
import { leftOf, madeSince } from '../../support/gym/engine.ts';
import { gym, ownEnv, program } from '../../support/gym/program.ts';
import type { TemporaryFolder } from '../../support/repository.ts';

/** Source of a task file, with lines in place of the one that says `stages`. */
const source = (...stages: string[]): string =>
  [
    "import { bound, defineTask, sum } from 'devgym';",
    'export default defineTask({',
    "  name: 'tiny',",
    "  instruction: 'TASK.md',",
    "  compose: 'compose.yaml',",
    ...stages,
    '});',
    '',
  ].join('\n');
const unit = "  stages: [{ name: 'unit', service: 'box', command: 'true' }],";

const task =
  (...stages: string[]) =>
  (checkout: TemporaryFolder): void =>
    checkout.write('envs/tiny/task.ts', source(...stages));
const compose =
  (services: string) =>
  (checkout: TemporaryFolder): void =>
    writeTask(checkout, { services });

interface BadInput {
  readonly what: string;
  readonly prepare?: (checkout: TemporaryFolder) => void;
  readonly args?: readonly string[];
  /** What the message has to name. */
  readonly names: readonly (string | RegExp)[];
}

const table: readonly BadInput[] = [
  {
    what: 'an unknown task',
    args: ['verify', 'tinny'],
    names: ['there is no task tinny', 'Did you mean tiny?'],
  },
  {
    what: 'a task file with a value of the wrong type',
    prepare: task("  stages: [{ name: 'unit', service: 'box', command: 7 }],"),
    names: ['envs/tiny/task.ts:6', 'stages.0.command'],
  },
  {
    what: 'a task file with an unknown field',
    prepare: task(unit, '  stagess: [],'),
    names: ['envs/tiny/task.ts:7', 'unknown key "stagess" (did you mean "stages"?)'],
  },
  {
    what: 'a task file that throws',
    prepare: task(unit, "  variables: (() => { throw new Error('no such setting'); })(),"),
    names: ['envs/tiny/task.ts:7', 'Error: no such setting'],
  },
  {
    what: 'a task file that does not parse',
    prepare: task(unit, '  variables: {,'),
    names: ['envs/tiny/task.ts:7', 'SyntaxError'],
  },
  {
    what: 'an unknown key in the Compose file',
    prepare: compose(`${box}    comand: [sleep]\n`),
    names: ['error envs/tiny/compose.yaml:6', 'comand'],
  },
  {
    what: 'a build context that is not there',
    prepare: compose('services:\n  box:\n    build:\n      context: ./nowhere\n'),
    names: ['error envs/tiny/compose.yaml:4', 'nowhere is not a folder'],
  },
  {
    what: 'a stage in a service that does not exist',
    prepare: task("  stages: [{ name: 'unit', service: 'bax', command: 'true' }],"),
    names: ['envs/tiny/task.ts:6', 'stage unit: there is no service bax', 'Did you mean box?'],
  },
  {
    what: 'two checks of one name',
    prepare: task(
      '  stages: [',
      "    { name: 'unit', command: 'true' },",
      "    { name: 'unit', command: 'true' },",
      '  ],',
    ),
    names: ['envs/tiny/task.ts:8', 'two checks are named unit'],
  },
  {
    what: 'a tolerance below 0',
    prepare: (checkout) =>
      checkout.write(
        'envs/tiny/task.ts',
        [
          "import { agree, abs, defineTask, sum } from 'devgym';",
          'const same = agree({',
          "  name: 'same',",
          "  observed: sum('a.bytes'),",
          "  witnesses: { b: sum('b.bytes') },",
          '  tolerance: abs(-1),',
          '});',
          "export default defineTask({ name: 'tiny', instruction: 'TASK.md', compose: 'compose.yaml', stages: [], invariants: [same] });",
        ].join('\n'),
      ),
    names: ['envs/tiny/task.ts:6', 'tolerance'],
  },
  {
    what: 'a first task to write where there is none',
    prepare: (checkout) => rmSync(join(checkout.path, 'envs'), { recursive: true }),
    names: ['there is no task here', 'gym init writes'],
  },
  { what: 'an unknown command', args: ['verfy'], names: ['there is no command verfy', 'Did you mean gym verify?'] },
  { what: 'an unknown option', args: ['verify', '--josn'], names: ["'--josn'", 'Did you mean --json?'] },
  { what: 'an unknown value of an option', args: ['verify', '--json=xml'], names: ['--json', 'xml'] },
  {
    what: 'a number that is none',
    args: ['loop', 'tiny', '--agent', 'oracle', '--max-attempts', 'many'],
    names: ['--max-attempts', 'many'],
  },
  { what: 'a loop without an agent', args: ['loop', 'tiny'], names: ['--agent'] },
  { what: 'an unknown agent', args: ['loop', 'tiny', '--agent', 'cluade'], names: ['cluade', 'Did you mean claude?'] },
  { what: 'a loop to resume where there is none', args: ['loop', '--resume'], names: ['there is no loop to resume'] },
  {
    what: 'an unknown fault',
    args: ['verify', 'tiny', '--fault', 'swap'],
    prepare: (checkout) => checkout.write('envs/tiny/faults/swop.patch', ''),
    names: ['tiny has no fault swap', 'Did you mean swop?'],
  },
];

test.each(table)('$what: exit code 2, and the message names it', async ({ prepare, args = ['verify'], names }) => {
  using checkout = tinyCheckout();
  prepare?.(checkout);
  commit(checkout);
  const since = Date.now();
  const end = await gym(checkout.path, args);
  const said = end.stdout + end.stderr;
  expect({ exitCode: end.exitCode, said }).toEqual({ exitCode: 2, said: expect.any(String) });
  for (const name of names) expect(said).toMatch(name);
  // An expected error is no crash: nobody wants to see where in gym it was noticed.
  expect(said).not.toMatch(/^\s+at .*\(/m);
  expect([...leftOf(checkout.path), ...madeSince(checkout.path, since)]).toEqual([]);
});

test.each([['verify'], ['up'], ['loop', '--agent', 'oracle'], ['propose', 'envs/tiny/task.ts', '--reason', 'x']])(
  'a folder that cannot be written: %s says which, with exit code 4',
  async (...args) => {
    using checkout = tinyCheckout();
    checkout.write(
      'envs/tiny/task.ts',
      `${readFileSync(join(checkout.path, 'envs/tiny/task.ts'), 'utf8')}// changed\n`,
    );
    // No folder can be made in /sys, not even by root.
    symlinkSync('/sys', join(checkout.path, '.gym'));
    const end = await gym(checkout.path, args);
    expect(end).toMatchObject({
      exitCode: 4,
      stderr: expect.stringMatching(/cannot be used \(.*\.gym.*\)\. Make it writable/),
    });
    expect(end.stderr).not.toMatch(/^\s+at .*\(/m);
  },
);

/** A shell in which a file system can be mounted that nobody else sees. */
const apart = ['--map-root-user', '--mount', 'sh', '-c'];
const canMount = spawnSync('unshare', [...apart, 'mount -t tmpfs -o ro none /mnt']).status === 0;
if (!canMount) console.warn('SKIPPED: a read-only mount is not tested, because this user may mount nothing');

test.skipIf(!canMount)('a read-only mount is said to be that, and not that there is no such file', () => {
  using checkout = tinyCheckout();
  mkdirSync(join(checkout.path, '.gym'));
  const command = `mount -t tmpfs -o ro none .gym && '${process.execPath}' '${program}' verify`;
  const { status, stderr } = spawnSync('unshare', [...apart, command], { cwd: checkout.path, env: ownEnv });
  expect(status).toBe(4);
  expect(stderr.toString()).toMatch(
    /^gym: the folder \S+\/\.gym\/\S+, which gym needs, cannot be made: what is above it is read-only or gone\. Make it writable/m,
  );
});

test.each([
  ['damaged', (file: string) => writeFileSync(file, 'no database '.repeat(100)), 'is damaged (file is not a database)'],
  ['a folder', (file: string) => mkdirSync(file), 'cannot be opened (unable to open database file)'],
])('a history that is %s: said with exit code 4, and gone on with when it was moved away', async (_, spoil, says) => {
  using checkout = tinyCheckout();
  const file = join(checkout.path, '.gym/history.sqlite');
  mkdirSync(join(checkout.path, '.gym'));
  spoil(file);
  for (const command of [['runs'], ['verify'], ['loop', '--agent', 'oracle']]) {
    const { exitCode, stderr } = await gym(checkout.path, command);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 4,
      stderr: expect.stringContaining(`gym: the history of this checkout, .gym/history.sqlite, ${says}`),
    });
  }
  rmSync(file, { recursive: true });
  expect((await gym(checkout.path, ['verify'])).exitCode).toBe(0);
  expect(leftOf(checkout.path)).toEqual([]);
});

test('an unknown fault begins no run', async () => {
  using checkout = tinyCheckout();
  expect((await gym(checkout.path, ['verify', '--fault', 'swap'])).exitCode).toBe(2);
  expect(runsOf(checkout.path)).toEqual([]);
});

test('a container that was made and removed would have been noticed', async () => {
  using checkout = tinyCheckout();
  const since = Date.now();
  expect((await gym(checkout.path, ['verify'])).exitCode).toBe(0);
  expect(leftOf(checkout.path)).toEqual([]);
  expect(madeSince(checkout.path, since)).toHaveLength(1);
});
