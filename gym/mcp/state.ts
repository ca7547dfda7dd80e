import { wrongOf } from '../api/as-written.ts';
import type { Caller } from '../api/caller.ts';
import { eventsOf } from '../api/events.ts';
import { type NamedRun, readVerdict, runNamed } from '../api/run-named.ts';
import type { Event } from '../events/event.ts';
import { fold } from '../events/fold.ts';
import { ok, type Result } from '../events/problem.ts';
import { initialView, type View } from '../events/view.ts';
import { terse } from '../judge/terse.ts';

/** What is known of a run, in at most 2 KB. */
export interface RunState {
  readonly run: string;
  /** `running`, `cut off` where its gym was killed, or what its verdict says; of a loop, how it ended. */
  readonly state: string;
  /** The verdict, or how far it is. It says the run and the state too. */
  readonly text: string;
}

/** Follows a run until it ends or the signal is aborted, and gives what is known of it then. */
export async function follow(
  { cwd }: Pick<Caller, 'cwd'>,
  name: string | undefined,
  signal: AbortSignal,
  onEvent: (event: Event) => void,
): Promise<Result<RunState>> {
  const named = runNamed(cwd, name);
  if (!named.ok) return named;
  let view = initialView;
  for await (const event of eventsOf(named.value, signal)) {
    view = fold(view, event);
    onEvent(event);
  }
  const now = runNamed(cwd, named.value.row.run);
  return now.ok ? stateOf(now.value, view) : now;
}

function stateOf(named: NamedRun, view: View): Result<RunState> {
  const { run, state, task } = named.row;
  if (state === 'running') return ok({ run, state, text: `run ${run} of ${task}: running, ${whereText(view)}` });
  if (state === 'cut off') {
    return ok({ run, state, text: `run ${run} of ${task}: cut off, since its gym was killed. Call verify again.` });
  }
  const verdict = readVerdict(named);
  if (!verdict.ok) return verdict;
  const wrong = wrongOf(named);
  const text = [...(wrong === undefined ? [] : [wrong]), terse(verdict.value)].join('\n');
  return ok({ run, state, text: text.includes(run) ? text : `${text}\nrun ${run}` });
}

/** How far a run is: its stages so far, or the phase that it is in. */
function whereText({ stages, phases, firstAt }: View): string {
  const seconds = firstAt === null ? 0 : Math.round((Date.now() - firstAt) / 1000);
  const begun = stages
    .filter(({ progress }) => progress !== 'waiting')
    .map(({ name, progress }) => `${name} ${progress}`);
  const phase = phases.find(({ durationMs }) => durationMs === null)?.phase ?? 'about to begin';
  return `${seconds} s so far: ${phase}${begun.length === 0 ? '' : ` (${begun.join(', ')})`}`;
}

/** What is told of an event while somebody waits; most are not. */
export function progressText(event: Event): string | undefined {
  switch (event.type) {
    case 'phase.started':
      return event.phase;
    case 'stage.started':
      return `stage ${event.stage}`;
    case 'stage.finished':
      return `stage ${event.stage}: ${event.state}`;
    default:
      return undefined;
  }
}
