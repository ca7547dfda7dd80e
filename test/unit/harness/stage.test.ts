import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, test } from 'vitest';
import type { Death } from '../../../gym/environment/environment.ts';
import { runStage, type StageContext, type StageOutcome, skippedStage } from '../../../gym/harness/stage.ts';
import { listMarked } from '../../../gym/store/processes.ts';
import type { Stage } from '../../../gym/task/schema.ts';
import { hostContext, idleEnvironment, stageOf } from './support.ts';

const results = { format: 'tap', path: 'out/results.tap' } as const;
const printed = { format: 'tap', path: '-' } as const;
const writes = (tap: string): string => `mkdir -p out && printf '${tap.replaceAll('\n', '\\n')}' > ${results.path}`;

const run = (input: Partial<Stage> & Pick<Stage, 'command'>, context: StageContext = hostContext()) =>
  runStage(stageOf(input), context);

/** Starts a stage and gives what it can be stopped with. */
function started(command: string, context: StageContext): { outcome: Promise<StageOutcome>; abort: () => void } {
  const controller = new AbortController();
  return { outcome: run({ command }, { ...context, signal: controller.signal }), abort: () => controller.abort() };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!condition() && performance.now() < deadline) await sleep(20);
  expect(condition(), condition.toString()).toBe(true);
}

describe('a stage on the host', () => {
  test.each([
    ['results that can be read', '1..1\nok 1 - a\n'],
    ['results that cannot', 'no TAP at all\n'],
  ])('keeps %s as they were written, beside its log', async (_, tap) => {
    const context = hostContext();
    await run({ command: writes(tap), results }, context);
    expect(readFileSync(context.logFile.replace(/\.log$/, '.tap'), 'utf8')).toBe(tap);
  });

  test.each<[string, Partial<Stage> & Pick<Stage, 'command'>, string, RegExp]>([
    ['exit code 0 and no results declared', { command: 'true' }, 'pass', /^exit code 0$/],
    [
      'exit code 3 and no results declared',
      { command: 'echo no; exit 3' },
      'fail',
      /^exit code 3; its last output:\nno$/,
    ],
    ['a signal', { command: 'kill -SEGV $$' }, 'fail', /^exit code 139, SIGSEGV; it printed nothing$/],
    ['a command that is not there', { command: ['no-such-program'] }, 'fail', /^exit code 127; .*\n.*no-such-program/],
    ['a folder that is not there', { command: 'true', workdir: 'nowhere' }, 'fail', /^exit code 127; [\s\S]*nowhere/],
    [
      'cases that pass',
      { command: writes('1..2\nok 1 - a\nok 2 - b # SKIP\n'), results },
      'pass',
      /^1 passed, 1 skipped$/,
    ],
    [
      'a case that fails, whatever the exit code',
      { command: writes('1..2\nok 1 - a\nnot ok 2 - b\n'), results },
      'fail',
      /^1 of 2 cases failed: b$/,
    ],
    [
      'many that fail',
      { command: writes(`1..5\n${'not ok\n'.repeat(5)}`), results },
      'fail',
      /^5 of 5.*test 3 and 2 more$/,
    ],
    [
      'an exit code that contradicts the cases',
      { command: `${writes('1..1\nok 1 - a\n')}; echo unhandled; exit 1`, results },
      'fail',
      /^exit code 1, although no case in out\/results\.tap failed \(1 passed\); its last output:\nunhandled$/,
    ],
    [
      'no case',
      { command: writes('1..0\n'), results },
      'vacuous',
      /^no case ran: out\/results\.tap lists none \(exit code 0\)$/,
    ],
    ['only skipped cases', { command: writes('1..1\nok 1 # SKIP\n'), results }, 'vacuous', /all 1 in .* were skipped/],
    ['no result file', { command: 'true', results }, 'unknown', /^exit code 0, but it wrote no out\/results\.tap$/],
    [
      'no result file, because it broke before',
      { command: 'echo "cart.ts:3: error: no such name" >&2; exit 2', results },
      'fail',
      /^exit code 2 before it wrote out\/results\.tap; its last output:\ncart\.ts:3: error: no such name$/,
    ],
    [
      'half a result file',
      { command: writes('ok 1 - a\n'), results },
      'unknown',
      /results\.tap cannot be read: it has no plan/,
    ],
    [
      'half a result file and exit code 1',
      { command: `${writes('ok 1\n')}; exit 1`, results },
      'unknown',
      /\(exit code 1\)$/,
    ],
    [
      'cases on its standard output, with other output beside them',
      { command: 'echo noise >&2; printf "1..1\nok 1 - a\n"; echo "not ok 2" >&2', results: printed },
      'pass',
      /^1 passed$/,
    ],
    [
      'nothing on its standard output',
      { command: 'echo "1..1\nok 1 - a" >&2', results: printed },
      'unknown',
      /^exit code 0, but it wrote no standard output$/,
    ],
    [
      'nothing on its standard output, because it broke before',
      { command: 'echo broken >&2; exit 2', results: printed },
      'fail',
      /^exit code 2 before it wrote standard output; its last output:\nbroken$/,
    ],
    [
      'more on its standard output than is read',
      { command: 'yes "# much" | head -c 40000000', results: printed },
      'unknown',
      /^standard output cannot be read: it has 40000000 bytes, more than is read/,
    ],
    [
      'a pipe as result file',
      { command: 'mkdir out; mkfifo out/results.tap', results },
      'unknown',
      /not a regular file/,
    ],
    [
      'more time than it has',
      { command: 'echo waiting; sleep 60', timeoutSeconds: 0.3 },
      'fail',
      /^timed out after 0\.3 s \(timeoutSeconds\); its last output:\nwaiting$/,
    ],
  ])('%s', async (_what, input, state, because) => {
    const outcome = await run(input);
    expect(outcome).toMatchObject({ stage: 'unit', state, because: expect.stringMatching(because) });
  });

  it('does not believe a result file that was there before', async () => {
    const context = hostContext();
    mkdirSync(join(context.hostDirectory, 'out'));
    writeFileSync(join(context.hostDirectory, results.path), '1..1\nok 1 - planted\n');
    expect(await run({ command: 'true', results }, context)).toMatchObject({ state: 'unknown', cases: null });
    expect(existsSync(join(context.hostDirectory, results.path))).toBe(false);
  });

  it('does not follow a link to a result file', async () => {
    const context = hostContext();
    const elsewhere = join(context.hostDirectory, 'elsewhere.tap');
    writeFileSync(elsewhere, '1..1\nok 1 - planted\n');
    mkdirSync(join(context.hostDirectory, 'out'));
    symlinkSync(elsewhere, join(context.hostDirectory, results.path));
    const outcome = await run({ command: `ln -s ../elsewhere.tap ${results.path}`, results }, context);
    expect(outcome).toMatchObject({ state: 'unknown', because: expect.stringContaining('cannot be read') });
    expect(existsSync(elsewhere)).toBe(true);
  });

  it('is not run when an old result cannot be removed', async () => {
    const context = hostContext();
    mkdirSync(join(context.hostDirectory, results.path, 'inside'), { recursive: true });
    const outcome = await run({ command: 'touch ran', results }, context);
    expect(outcome).toMatchObject({ state: 'unknown', because: expect.stringContaining('could not be removed') });
    expect(existsSync(join(context.hostDirectory, 'ran'))).toBe(false);
  });

  it('runs in the snapshot with its variables, and gives cases, places and events', async () => {
    const context = hostContext();
    mkdirSync(join(context.hostDirectory, 'sub'));
    const junit = '<testsuite name="s"><testcase name="a"><failure>at $PWD/x.ts:3:1</failure></testcase></testsuite>';
    const command = `echo "$COLOUR $GYM_RUN_ID"; printf '%s' "${junit.replaceAll('"', '\\"')}" > r.xml; exit 1`;
    const outcome = await run(
      { command, workdir: 'sub', env: { COLOUR: 'blue' }, results: { format: 'junit', path: 'r.xml' } },
      context,
    );
    expect(outcome).toMatchObject({
      state: 'fail',
      exitCode: 1,
      counts: { passed: 0, failed: 1, skipped: 0 },
      cases: [{ id: 's > a', state: 'failed', file: 'x.ts', line: 3 }],
      logFile: context.logFile,
    });
    expect(readFileSync(context.logFile, 'utf8')).toBe(`blue ${context.run}\n`);
    expect(context.events).toEqual([
      { type: 'stage.started', stage: 'unit', command },
      { type: 'log.opened', source: 'stage', name: 'unit', file: context.logFile },
      {
        type: 'stage.finished',
        stage: 'unit',
        state: 'fail',
        because: '1 of 1 case failed: s > a',
        cases: { passed: 0, failed: 1, skipped: 0 },
        exitCode: 1,
        durationMs: outcome.durationMs,
      },
    ]);
  });

  it('writes the log while it runs', async () => {
    const context = hostContext();
    const { outcome, abort } = started('echo first; sleep 60', context);
    await until(() => existsSync(context.logFile) && readFileSync(context.logFile, 'utf8') === 'first\n');
    abort();
    expect(await outcome).toMatchObject({ state: 'unknown', because: 'stopped before it ended', exitCode: null });
  });

  it('stops later stages: they are not run and unknown because of it', async () => {
    const context = hostContext();
    const before = await run({ command: 'false' }, context);
    const skipped = skippedStage(stageOf({ name: 'e2e', command: 'true' }), before, context.emit);
    expect(skipped).toMatchObject({
      stage: 'e2e',
      state: 'unknown',
      because: 'not run: stage unit failed',
      logFile: null,
    });
    expect(context.events.at(-1)).toMatchObject({ type: 'stage.finished', stage: 'e2e', state: 'unknown' });
  });
});

describe('nothing is left of a stage on the host', () => {
  /** A grandchild that ignores SIGTERM and one that leaves the process group. */
  const stubborn = `sh -c 'trap "" TERM; echo deaf; while :; do sleep 0.1; done' & setsid sh -c 'trap "" TERM; echo away; while :; do sleep 0.1; done' &`;

  test.runIf(process.platform === 'linux').each([
    ['when it is aborted', 'abort', `${stubborn} wait`],
    ['when it ignores being asked to end', 'abort', `trap "" TERM; ${stubborn} while :; do sleep 0.1; done`],
    ['when it ends by itself', 'end', `${stubborn} sleep 0.5`],
  ])('%s', async (_what, how, command) => {
    const context = hostContext();
    const marker = `GYM_RUN_ID=${context.run}`;
    const { outcome, abort } = started(command, context);
    await until(() => {
      const log = existsSync(context.logFile) ? readFileSync(context.logFile, 'utf8') : '';
      return log.includes('deaf') && log.includes('away');
    });
    expect(listMarked(marker).length).toBeGreaterThan(2);
    const start = performance.now();
    if (how === 'abort') abort();
    expect((await outcome).state).toBe(how === 'abort' ? 'unknown' : 'pass');
    expect(performance.now() - start).toBeLessThan(4_000);
    expect(listMarked(marker)).toEqual([]);
  });
});

describe('services that die during a stage', () => {
  const death = (how: Death['how'], exitCode: number): Death => ({ service: 'worker-2', exitCode, how, at: 0 });

  test.each<[string, Death, string, string, string]>([
    [
      'killed',
      death('killed', 137),
      'exit 1',
      'unknown',
      'service worker-2 was killed from outside (exit code 137, SIGKILL)',
    ],
    [
      'killed, though all passed',
      death('killed', 137),
      'exit 0',
      'unknown',
      'service worker-2 was killed from outside (exit code 137, SIGKILL)',
    ],
    [
      'out of memory',
      death('out-of-memory', 137),
      'exit 1',
      'unknown',
      'service worker-2 ran out of memory and was killed (exit code 137, SIGKILL)',
    ],
    [
      'ended by itself',
      death('exited', 2),
      'exit 0',
      'fail',
      'service worker-2 ended by itself (exit code 2); it printed nothing',
    ],
  ])('%s', async (_what, died, exit, state, because) => {
    const deaths = [death('killed', 9)];
    const context = hostContext(idleEnvironment(deaths, ['worker-2']));
    const outcome = run({ command: `sleep 0.2; ${exit}` }, context);
    deaths.push(died);
    expect(await outcome).toMatchObject({ state, because });
  });

  it('that could not begin tells of a death that is noticed a little later', async () => {
    const deaths: Death[] = [];
    const context = hostContext(idleEnvironment(deaths, ['worker-2']));
    mkdirSync(join(context.hostDirectory, results.path, 'inside'), { recursive: true });
    setTimeout(() => deaths.push(death('killed', 137)), 200);
    const outcome = await run({ command: 'true', results }, context);
    expect(outcome).toMatchObject({ state: 'unknown', because: expect.stringContaining('worker-2 was killed') });
  });

  it('ends at once, with all that it started, when a service dies', async () => {
    const deaths: Death[] = [];
    const context = hostContext(idleEnvironment(deaths, ['worker-2']));
    const outcome = run({ command: 'sleep 60' }, context);
    setTimeout(() => deaths.push(death('exited', 2)), 300);
    expect(await outcome).toMatchObject({
      state: 'fail',
      because: expect.stringContaining('worker-2 ended by itself'),
    });
    expect((await outcome).durationMs).toBeLessThan(10_000);
    expect(await listMarked(`GYM_RUN_ID=${context.run}`)).toEqual([]);
  });

  it('ends when the engine stops answering', async () => {
    const environment = { ...idleEnvironment([], ['worker-2']), engineAnswers: async () => false };
    const outcome = await run({ command: 'sleep 60' }, hostContext(environment));
    expect(outcome).toMatchObject({ state: 'unknown', because: 'the Docker engine stopped answering' });
  });

  it('waits a little for a death that the engine tells late, when the stage failed', async () => {
    const deaths: Death[] = [];
    const outcome = run({ command: 'exit 1' }, hostContext(idleEnvironment(deaths, ['worker-2'])));
    setTimeout(() => deaths.push(death('killed', 137)), 250);
    expect(await outcome).toMatchObject({ state: 'unknown' });
  });

  it('fails for a service that had ended by itself before, unless that may be because another was killed', async () => {
    const crashed = death('exited', 1);
    const outcomeAfter = (...deaths: Death[]) =>
      run({ command: 'true' }, hostContext(idleEnvironment(deaths, ['worker-2'])));
    expect(await outcomeAfter(crashed)).toMatchObject({
      state: 'fail',
      because: expect.stringContaining('worker-2 ended'),
    });
    expect(await outcomeAfter(death('killed', 137), crashed)).toMatchObject({ state: 'pass' });
  });

  it('does not blame a stage for a kill before it', async () => {
    const context = hostContext(idleEnvironment([death('killed', 137)], ['worker-2']));
    expect(await run({ command: 'true' }, context)).toMatchObject({ state: 'pass' });
  });
});
