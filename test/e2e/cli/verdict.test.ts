import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Verdict, verdictSchema } from '../../../gym/judge/verdict.ts';
import { runFolder, runsOf, tapStage, tinyCheckout, writeTask } from '../../support/gym/checkout.ts';
import { leftOf } from '../../support/gym/engine.ts';
import { eventsOf, gym } from '../../support/gym/program.ts';

const failing = `1..2\nok 1 - adds up\nnot ok 2 - subtracts\n  ---\n  message: 3 is not 4\n  ...\n`;
const unparseable = '<testsuite><testcase name="cut of';

describe('gym verify says what came out, with its exit code', () => {
  test.each([
    {
      what: 'a case that passes',
      stage: tapStage('1..1\nok 1 - adds up\n'),
      exitCode: 0,
      first: 'PASS tiny: 1 of 1 check holds: 1 case in 1 stage, 0 invariants; UNPROVEN: every gate',
    },
    {
      what: 'a case that fails',
      stage: tapStage(failing, { exitCode: 1 }),
      exitCode: 1,
      first: /^FAIL tiny distance 1\.\d+: 1 of 1 check does not hold$/,
      body: /^fail unit: 1 of 2 cases failed\n {2}subtracts {2}3 is not 4$/m,
    },
    {
      what: 'results without a case',
      stage: tapStage('1..0\n'),
      exitCode: 1,
      first: /^VACUOUS tiny/,
      body: /^vacuous unit: no case ran/m,
    },
    {
      what: 'results that cannot be read',
      stage: { ...tapStage(unparseable), results: { format: 'junit' as const, path: '/tmp/unit.tap' } },
      exitCode: 3,
      first: /^UNKNOWN tiny/,
      body: /^unknown unit: \/tmp\/unit\.tap cannot be read/m,
    },
    {
      what: 'results that were never written',
      stage: { ...tapStage(''), command: 'exit 0' },
      exitCode: 3,
      first: /^UNKNOWN tiny/,
      body: /^unknown unit: exit code 0, but it wrote no \/tmp\/unit\.tap$/m,
    },
    {
      what: 'a command that fails before it writes any',
      stage: { ...tapStage(''), command: 'echo cannot compile; exit 7' },
      exitCode: 1,
      first: /^FAIL tiny/,
      body: /^fail unit: exit code 7 before it wrote .* cannot compile$/m,
    },
  ])('$what', async ({ stage, exitCode, first, body = /^/ }) => {
    using checkout = tinyCheckout({ stages: [stage] });
    const end = await gym(checkout.path, ['verify', 'tiny']);
    const lines = end.stdout.trimEnd().split('\n');
    expect({ ...end, first: lines[0] }).toEqual({
      exitCode,
      first: typeof first === 'string' ? first : expect.stringMatching(first),
      stdout: expect.stringMatching(body),
      stderr: expect.stringContaining('tiny run'),
    });
    expect(end.stdout).toMatch(/^[^\n]+\n/);
    expect(end.stdout).not.toContain('up in');
    const [run = ''] = runsOf(checkout.path);
    if (exitCode === 0) expect(lines).toHaveLength(1);
    else
      expect(lines.at(-1)).toMatch(
        new RegExp(`^[A-Z]+ tiny.*   more: gym show ${run}:unit   .*again: gym verify tiny$`),
      );
    expect(leftOf(checkout.path)).toEqual([]);
  });

  test('hundreds of failures stay below 2 KB, and the last line leads to all about the first', async () => {
    const cases = Array.from({ length: 300 }, (_, n) => `not ok ${n + 1} - case ${n} ${'says much '.repeat(20)}`);
    const tap = ['1..300', ...cases, ''].join('\n');
    using checkout = tinyCheckout({ stages: [tapStage(tap)] });
    const end = await gym(checkout.path, ['verify']);
    expect(end.exitCode).toBe(1);
    expect(Buffer.byteLength(end.stdout)).toBeLessThan(2048);
    expect(end.stdout).toContain('300 of 300 cases failed');
    const shown = /more: gym (show \S+)/.exec(end.stdout)?.[1] ?? '';
    const show = await gym(checkout.path, shown.split(' '));
    expect(show.exitCode).toBe(0);
    expect(show.stdout).toContain('case 19 says much');
    expect(end.stdout).toMatch(/^ {2}×300, first: case 0 says much/m);
    const one = await gym(checkout.path, ['show', `${shown.split(' ')[1]?.split(':')[0]}:case 299`]);
    expect(one).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^case 299 says much/) });
  });
});

describe('--json', () => {
  test('is one verdict on stdout that fits its schema, and the one on the disk', async () => {
    using checkout = tinyCheckout({ stages: [tapStage(failing)] });
    const end = await gym(checkout.path, ['verify', 'tiny', '--json']);
    const verdict = verdictSchema.parse(JSON.parse(end.stdout));
    expect(verdict).toMatchObject({
      state: 'fail',
      exitCode: 1,
      task: 'tiny',
      problems: [],
    } satisfies Partial<Verdict>);
    expect(verdict.stages).toMatchObject([{ stage: 'unit', cases: { passed: 1, failed: 1, skipped: 0 } }]);
    expect(verdict.stages[0]?.failures[0]).toMatchObject({ id: expect.stringContaining('subtracts') });
    const file = join(runFolder(checkout.path, verdict.run), 'verdict.json');
    expect(verdictSchema.parse(JSON.parse(readFileSync(file, 'utf8')))).toEqual(verdict);
    expect(end.exitCode).toBe(1);
    expect(end.stderr).toMatch(/up in [\d.]+ m?s/);
  });

  test('=stream is every event as a line on stdout, and nothing else', async () => {
    using checkout = tinyCheckout();
    const end = await gym(checkout.path, ['verify', 'tiny', '--json=stream']);
    const events = eventsOf(end.stdout);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index));
    expect(events.at(0)).toMatchObject({ type: 'run.started', task: 'tiny', stages: ['unit'], checks: ['unit'] });
    const last = events.at(-1);
    expect(last).toMatchObject({ type: 'run.finished', state: 'pass', exitCode: 0 });
    const verdictFile = last?.type === 'run.finished' ? last.verdictFile : '';
    expect(existsSync(verdictFile)).toBe(true);
    expect(end.stderr).not.toContain('tiny');
    const [run = ''] = runsOf(checkout.path);
    expect(end.stdout).toBe(readFileSync(join(runFolder(checkout.path, run), 'events.ndjson'), 'utf8'));
  });
});

test('what a verdict says to run again works, though the folder has another name than the task', async () => {
  using checkout = tinyCheckout({ stages: [tapStage(failing)] });
  renameSync(join(checkout.path, 'envs/tiny'), join(checkout.path, 'envs/little one'));
  for (const [called, again] of [
    ['tiny', 'tiny'],
    ['little one', "'little one'"],
  ] as const) {
    const end = await gym(checkout.path, ['verify', called]);
    expect(end).toMatchObject({ exitCode: 1, stdout: expect.stringContaining(`again: gym verify ${again}\n`) });
  }
  const tasks = await gym(checkout.path, ['tasks']);
  expect(tasks.stdout).toMatch(/^little one \(tiny\) +envs\/little one\/task\.ts$/m);
});

describe('a .env that git ignores', () => {
  const box = "services:\n  box:\n    image: '${IMAGE:?not told}'\n    command: [sleep, infinity]\n    init: true\n";
  const ignoring = (services: string) => {
    const checkout = tinyCheckout({ services });
    checkout.write('.gitignore', '.env\n');
    checkout.write('envs/tiny/.env', 'IMAGE=debian:bookworm-slim\n');
    return checkout;
  };

  test('fills the variables of the Compose file in', async () => {
    using checkout = ignoring(box);
    expect(await gym(checkout.path, ['verify', 'tiny'])).toMatchObject({ exitCode: 0 });
    // The environment wins over it.
    const end = await gym(checkout.path, ['verify', 'tiny'], { IMAGE: '' });
    expect(end).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('not told') });
  });

  test('is no env_file of what is judged, and the verdict says so, with the paths of the workspace', async () => {
    using checkout = ignoring(`${box}    env_file: .env\n`);
    const end = await gym(checkout.path, ['verify', 'tiny']);
    expect(end.exitCode).toBe(2);
    expect(end.stdout).toContain('there is no file envs/tiny/.env in the snapshot that is judged: git ignores');
    expect(end.stdout).toContain('Name an example file that git sees; or set required: false');
    expect(end.stdout + end.stderr).toContain('envs/tiny/compose.yaml:6');
    expect(end.stdout + end.stderr).not.toContain('.gym/runs');
  });
});

test('what a pass was judged on is the workspace as it is, not as it was committed', async () => {
  using checkout = tinyCheckout();
  writeTask(checkout, { stages: [{ name: 'host', command: 'grep -q new data.txt' }] });
  checkout.write('envs/tiny/data.txt', 'new\n');
  expect((await gym(checkout.path, ['verify'])).exitCode).toBe(0);
  checkout.write('envs/tiny/data.txt', 'old\n');
  expect((await gym(checkout.path, ['verify'])).exitCode).toBe(1);
});
