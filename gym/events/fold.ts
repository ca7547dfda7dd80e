import type { Event } from './event.ts';
import type { AttemptView, CheckView, Progress, ServiceView, StageView, View } from './view.ts';

const keptActs = 500;
const keptProblems = 50;

type Of<Type extends Event['type']> = Extract<Event, { type: Type }>;
type Change = Partial<View>;

/** The view after one more event. Pure; events of a run that is no longer shown change nothing. */
export function fold(view: View, event: Event): View {
  if (isOfEarlierRun(view, event)) return view;
  return { ...view, firstAt: view.firstAt ?? event.at, lastAt: event.at, ...changeBy(view, event) };
}

/** What a run emits late (a container that is removed) must not be taken for the next run's. */
function isOfEarlierRun(view: View, event: Event): boolean {
  if (event.type === 'run.started' || view.run === null) return false;
  return event.run !== view.run.id && event.run !== view.loop?.id;
}

function changeBy(view: View, event: Event): Change {
  switch (event.type) {
    case 'run.started':
      return runStarted(view, event);
    case 'run.finished':
      return runFinished(view, event);
    case 'phase.started': {
      const started = { phase: event.phase, startedAt: event.at, durationMs: null };
      return { phases: placed(view.phases, 'phase', started), note: null };
    }
    case 'phase.finished': {
      const { phase, at, durationMs } = event;
      return { phases: placed(view.phases, 'phase', { phase, startedAt: at - durationMs, durationMs }) };
    }
    case 'service.changed':
      return { services: placed(view.services, 'name', serviceOf(event)) };
    case 'log.opened': {
      const { source, name, file } = event;
      return { logs: placed(view.logs, 'key', { key: `${source}:${name}`, source, name, file }) };
    }
    case 'stage.started':
    case 'stage.finished':
      return { stages: placed(view.stages, 'name', stageOf(event)), checks: view.checks.map(checkOfStage(event)) };
    case 'check.judged':
      return { checks: placed(view.checks, 'name', judgedCheck(view, event)) };
    case 'problem.found':
      return { problems: [...view.problems, event.problem].slice(-keptProblems) };
    case 'noted':
      return { note: event.text };
    case 'snapshot.taken':
    case 'image.ready':
    case 'up.timed':
    case 'evidence.read':
    case 'attempt.saved':
      return {};
    default:
      return loopChangeBy(view, event);
  }
}

type LoopEvent = Of<
  'loop.started' | 'loop.finished' | 'attempt.started' | 'attempt.judged' | 'agent.acted' | 'agent.used'
>;

function loopChangeBy(view: View, event: LoopEvent): Change {
  switch (event.type) {
    case 'loop.started': {
      const { task, agent, branch, limits, at } = event;
      const open = { end: null, because: null, durationMs: null };
      // A loop that is resumed begins again: what was seen of it stays.
      return { loop: { id: event.run, task, agent, branch, limits, startedAt: view.loop?.startedAt ?? at, ...open } };
    }
    case 'loop.finished': {
      const { end, because, durationMs } = event;
      return view.loop === null ? {} : { loop: { ...view.loop, end, because, durationMs } };
    }
    case 'attempt.started':
      return { attempts: placed(view.attempts, 'attempt', newAttempt(event.attempt, event.at)) };
    case 'attempt.judged': {
      const { state: progress, distance, headline, judgedRun, durationMs } = event;
      const before = attemptOf(view, event.attempt, event.at - durationMs);
      const judged = { ...before, progress, distance, headline, judgedRun, durationMs };
      return { attempts: placed(view.attempts, 'attempt', judged) };
    }
    case 'agent.acted': {
      const { at, attempt, act, text } = event;
      const id = (view.acts.at(-1)?.id ?? 0) + 1;
      return { acts: [...view.acts, { id, at, attempt, act, text }].slice(-keptActs) };
    }
    case 'agent.used': {
      const used = { ...attemptOf(view, event.attempt, event.at), usage: event.usage };
      return { attempts: placed(view.attempts, 'attempt', used) };
    }
  }
}

function runStarted(view: View, event: Of<'run.started'>): Change {
  const idle = { progress: 'waiting', because: '', cases: null, startedAt: null } as const;
  const stage = { ...idle, durationMs: null, cachedFrom: null };
  const check = { kind: null, severity: 'gate', progress: 'waiting', because: '', distance: null } as const;
  const historyOf = (name: string) => view.checks.find((each) => each.name === name)?.history ?? [];
  return {
    run: {
      id: event.run,
      task: event.task,
      fault: event.fault ?? null,
      state: 'running',
      startedAt: event.at,
      durationMs: null,
      verdictFile: null,
    },
    phases: [],
    stages: event.stages.map((name) => ({ name, ...stage })),
    checks: event.checks.map((name) => ({ name, ...check, history: historyOf(name) })),
    services: [],
    problems: [],
    note: null,
  };
}

function runFinished(view: View, event: Of<'run.finished'>): Change {
  if (view.run === null) return {};
  const { state, durationMs, verdictFile } = event;
  const settled = <Item extends { readonly progress: Progress }>(item: Item): Item =>
    item.progress === 'waiting' || item.progress === 'running' ? { ...item, progress: 'skipped' } : item;
  return {
    run: { ...view.run, state, durationMs, verdictFile },
    stages: view.stages.map(settled),
    checks: view.checks.map(settled),
  };
}

function stageOf(event: Of<'stage.started' | 'stage.finished'>): StageView {
  const name = event.stage;
  if (event.type === 'stage.started') {
    const none = { because: '', cases: null, durationMs: null, cachedFrom: null };
    return { name, progress: 'running', startedAt: event.at, ...none };
  }
  const { state: progress, because, cases, durationMs, cachedFrom = null } = event;
  return { name, progress, because, cases, startedAt: event.at - durationMs, durationMs, cachedFrom };
}

/** A stage is a check as well; its state is known as soon as it ends, long before the run is judged. */
function checkOfStage(event: Of<'stage.started' | 'stage.finished'>): (check: CheckView) => CheckView {
  const { progress, because } = stageOf(event);
  return (check) => (check.name === event.stage ? { ...check, kind: 'cases', progress, because } : check);
}

function judgedCheck(view: View, event: Of<'check.judged'>): CheckView {
  const { check: name, kind, severity, state, because, distance, run, at } = event;
  const before = view.checks.find((each) => each.name === name)?.history ?? [];
  const earlier = before.filter((each) => each.run !== run);
  return {
    name,
    kind,
    severity,
    progress: state,
    because,
    distance,
    history: [...earlier, { run, at, state, distance }],
  };
}

function serviceOf(event: Of<'service.changed'>): ServiceView {
  const { service: name, state, at: since, exitCode, detail } = event;
  return { name, state, since, exitCode: exitCode ?? null, detail: detail ?? null };
}

function newAttempt(attempt: number, startedAt: number): AttemptView {
  const open = { distance: null, headline: null, judgedRun: null, durationMs: null, usage: null };
  return { attempt, progress: 'running', startedAt, ...open };
}

function attemptOf(view: View, attempt: number, startedAt: number): AttemptView {
  return view.attempts.find((each) => each.attempt === attempt) ?? newAttempt(attempt, startedAt);
}

/** Puts an item in the place of the one with the same key, or at the end. */
function placed<Item, Key extends keyof Item>(items: readonly Item[], key: Key, item: Item): readonly Item[] {
  const index = items.findIndex((each) => each[key] === item[key]);
  return index < 0 ? [...items, item] : items.with(index, item);
}
