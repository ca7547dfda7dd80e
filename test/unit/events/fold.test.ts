import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Event, EventBody } from '../../../gym/events/event.ts';
import { fold } from '../../../gym/events/fold.ts';
import { readEvents } from '../../../gym/events/log.ts';
import { checksInOrder, costUsd, countsOf, initialView, isOver, steps, type View } from '../../../gym/events/view.ts';

const recorded = readEvents(join(import.meta.dirname, '../../fixtures/events/loop.ndjson'));
const viewAfter = (events: readonly Event[]): View => events.reduce(fold, initialView);

let at = 1000;
function of(run: string, ...bodies: EventBody[]): Event[] {
  return bodies.map((body, seq) => {
    at += 10;
    return { v: 1, seq, run, at, span: 'run', ...body };
  });
}
const started = (checks: string[]): EventBody => ({
  type: 'run.started',
  task: 't',
  taskFile: '/t/task.ts',
  workspace: '/t',
  pid: 1,
  stages: ['unit', 'e2e'],
  checks,
});
const judged = (check: string, state: 'pass' | 'fail' | 'unknown' | 'error', distance: number | null): EventBody => ({
  type: 'check.judged',
  severity: 'gate',
  check,
  kind: 'agree',
  state,
  because: `${check} is ${state}`,
  distance,
});
const finished: EventBody = { type: 'run.finished', state: 'fail', exitCode: 1, durationMs: 5, verdictFile: '/v.json' };

describe('fold', () => {
  it('folds every prefix of a log, and never forgets a check or invents a state', () => {
    let view = initialView;
    for (const event of recorded) {
      view = fold(view, event);
      const total = countsOf(view.checks).reduce((sum, [, count]) => sum + count, 0);
      expect(total).toBe(view.checks.length);
      expect(checksInOrder(view).toSorted(byName)).toEqual(view.checks.toSorted(byName));
      expect(steps(view).filter((step) => step.progress === 'running').length).toBeLessThanOrEqual(1);
    }
    expect(isOver(view)).toBe(true);
  });

  it('folds events in any order without throwing: a log may begin in the middle', () => {
    for (let from = 0; from < recorded.length; from += 7) viewAfter(recorded.slice(from));
    viewAfter(recorded.toReversed());
  });

  it('does not change the view that it is given', () => {
    const view = viewAfter(recorded.slice(0, 60));
    const before = structuredClone(view);
    viewAfter(recorded.slice(60));
    fold(view, recorded[60] ?? expect.fail('the fixture is shorter than expected'));
    expect(view).toEqual(before);
  });

  it('shows the loop at its end: attempts with distances, the cost of all, and why it ended', () => {
    const view = viewAfter(recorded);
    expect(view.attempts.map(({ attempt, progress }) => [attempt, progress])).toEqual([
      [0, 'fail'],
      [1, 'fail'],
      [2, 'pass'],
    ]);
    expect(view.attempts.at(-1)?.distance).toBe(0);
    expect(view.loop?.end).toBe('done');
    expect(costUsd(view)).toBeCloseTo(0.088 * 7 + 0.088 * 8, 5);
  });

  it('begins stages and checks anew with each run, but keeps what earlier runs said of a check', () => {
    const second = recorded.findLastIndex((event) => event.type === 'run.started');
    const view = viewAfter(recorded.slice(0, second + 1));
    expect(new Set(view.checks.map((check) => check.progress))).toEqual(new Set(['waiting']));
    expect(view.services).toEqual([]);
    const check = view.checks.find((each) => each.name === 'bytes-by-channel');
    expect(check?.history.map((each) => each.state)).toEqual(['fail', 'fail']);
  });

  it('puts failures first, the worst before the others, and leaves equals in the order of the task', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const bodies = [
      started(names),
      judged('f', 'fail', 1),
      judged('a', 'pass', 0),
      judged('b', 'fail', 2),
      judged('e', 'error', null),
      judged('d', 'unknown', null),
    ];
    const view = viewAfter(of('r', ...bodies));
    expect(checksInOrder(view).map((check) => check.name)).toEqual(['e', 'b', 'f', 'd', 'c', 'a']);
  });

  it('says of a check that is a stage what the stage came to, as soon as that ends', () => {
    const begun: EventBody = { type: 'stage.started', stage: 'unit', command: 'x' };
    const ended = { type: 'stage.finished', stage: 'unit', state: 'pass', because: 'all passed' } as const;
    const events = of('r', started(['unit', 'a']), begun, { ...ended, cases: null, exitCode: 0, durationMs: 5 });
    const progressAfter = (count: number) => viewAfter(events.slice(0, count)).checks.map(({ progress }) => progress);
    expect(progressAfter(2)).toEqual(['running', 'waiting']);
    expect(progressAfter(3)).toEqual(['pass', 'waiting']);
  });

  it('calls what did not happen before the end skipped, not passed', () => {
    const view = viewAfter(of('r', started(['a', 'b']), judged('a', 'pass', 0), finished));
    expect(view.checks.map((check) => check.progress)).toEqual(['pass', 'skipped']);
    expect(new Set(steps(view).map((step) => step.progress))).toEqual(new Set(['skipped']));
  });

  it('calls a phase that was broken off an error', () => {
    const view = viewAfter(of('r', started([]), { type: 'phase.started', phase: 'up' }, finished));
    expect(steps(view).find((step) => step.name === 'up')?.progress).toBe('error');
  });

  it('leaves out what an earlier run says late', () => {
    const late: EventBody = { type: 'service.changed', service: 'db', state: 'removed' };
    const view = viewAfter([...of('r1', started(['a'])), ...of('r2', started(['a'])), ...of('r1', late)]);
    expect(view.services).toEqual([]);
  });

  it('keeps the last 500 acts of an agent, with numbers that go on', () => {
    const act: EventBody = { type: 'agent.acted', attempt: 1, act: 'says', text: 'x' };
    const view = viewAfter(of('l', ...Array.from({ length: 1203 }, () => act)));
    expect(view.acts.length).toBe(500);
    expect([view.acts[0]?.id, view.acts.at(-1)?.id]).toEqual([704, 1203]);
  });

  it('knows what is up without any run', () => {
    const up: EventBody[] = [
      { type: 'phase.started', phase: 'up' },
      { type: 'service.changed', service: 'db', state: 'exited', exitCode: 3 },
    ];
    const view = viewAfter(of('up', ...up));
    expect(steps(view).map((step) => [step.name, step.progress])).toEqual([['up', 'running']]);
    expect(view.services[0]?.exitCode).toBe(3);
    expect(isOver(view)).toBe(false);
  });
});

function byName(a: { name: string }, b: { name: string }): number {
  return a.name.localeCompare(b.name);
}
