import type { Event } from '../../events/event.ts';
import type { Listener } from '../../events/log.ts';
import { stateWord } from '../../judge/terse.ts';
import { countText } from '../../judge/text.ts';
import { isGreen } from '../../judge/verdict.ts';
import type { Output } from '../context.ts';
import { problemText } from './problem.ts';
import { durationText, glyph, type Paint, painter } from './style.ts';

/** Whether lines of progress tell of problems, or who prints them does it elsewhere. */
export type ProblemLines = 'shown' | 'left out';

/** Prints events as plain lines of progress, one thing a line, as they happen. */
export function progressLines(output: Output, problems: ProblemLines = 'shown'): Listener {
  const paint = painter(output);
  let loop: string | undefined;
  let upMs: number | undefined;
  return (event) => {
    if (event.type === 'loop.started') loop = event.run;
    if (event.type === 'phase.finished' && event.phase === 'up') upMs = event.durationMs;
    // Stages follow a crash too, but nothing came up for them.
    if (event.type === 'problem.found' && event.problem.kind === 'crash') upMs = undefined;
    // Within a loop, the steps of each verification are told by its attempt's one line.
    if (loop !== undefined && event.run !== loop) return;
    if (event.type === 'problem.found' && problems === 'left out') return;
    // Only where stages follow did it come up.
    const isUp = event.type === 'phase.started' && event.phase === 'stages' && upMs !== undefined;
    const line = isUp ? `  ${glyph('pass', paint)} up in ${durationText(upMs ?? 0)}` : lineOf(event, paint);
    if (line !== undefined) output.write(`${line}\n`);
  };
}

function lineOf(event: Event, paint: Paint): string | undefined {
  switch (event.type) {
    case 'run.started':
      return `${paint('bold', event.task)} ${paint('dim', `run ${event.run}`)}`;
    case 'image.ready':
      return event.how === 'present' || event.how === 'cached'
        ? undefined
        : `  image ${event.image} ${event.how} in ${durationText(event.durationMs)}`;
    case 'stage.started':
      return paint('dim', `  … ${event.stage}`);
    case 'stage.finished': {
      const cases = event.cases === null ? '' : ` ${event.cases.passed} passed, ${event.cases.failed} failed`;
      const how =
        event.cachedFrom === undefined ? `in ${durationText(event.durationMs)}` : `cached from run ${event.cachedFrom}`;
      return `  ${glyph(event.state, paint)} ${event.stage} ${stateWord(event.state).toLowerCase()} ${how}${cases}`;
    }
    case 'check.judged':
      return isGreen(event.state) || event.kind === 'cases'
        ? undefined
        : `  ${glyph(event.state, paint)} ${event.check}`;
    case 'problem.found':
      return problemText(event.problem, paint);
    case 'noted':
      return paint('dim', `  ${event.text}`);
    default:
      return loopLine(event, paint);
  }
}

function loopLine(event: Event, paint: Paint): string | undefined {
  switch (event.type) {
    case 'loop.started':
      return `${paint('bold', event.task)}: ${event.agent} works on branch ${event.branch}, at most ${countText(event.limits.attempts, 'attempt')}, ${countText(event.limits.minutes, 'minute')}`;
    case 'attempt.started':
      return paint('bold', `attempt ${event.attempt}`);
    case 'agent.acted':
      return paint('dim', `  ${event.act} ${event.text.split('\n')[0]?.slice(0, 160) ?? ''}`);
    case 'attempt.judged': {
      const name = event.attempt === 0 ? 'start state' : `attempt ${event.attempt}`;
      const distance = event.distance === null ? '' : `, distance ${Number(event.distance.toPrecision(3))}`;
      return `  ${glyph(event.state, paint)} ${name}: ${stateWord(event.state)}${distance}, ${durationText(event.durationMs)}\n    ${event.headline}`;
    }
    case 'loop.finished':
      return `${paint('bold', event.end === 'done' ? 'done' : event.end)}: ${event.because.split('\n')[0]}`;
    default:
      return undefined;
  }
}
