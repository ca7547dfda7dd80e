import { type Judgement, unknown, vacuous } from '../task/judgement.ts';
import type { Evidence } from '../task/measurement.ts';
import { judgeCounted } from './counted.ts';
import { differenceOf, type Line, lineText } from './line.ts';
import { logLines } from './log-lines.ts';
import { countText, listText } from './text.ts';

/** How far a log came in the order that was asked for. */
interface Progress {
  readonly service: string;
  readonly file: string;
  readonly lines: number;
  /** Lines that are too long to be told: each may be any of them. */
  readonly untold: number;
  /** The 1-based numbers of the lines that came in order. */
  readonly at: readonly number[];
  /** Where the next one is that did not come in order, if it is there at all. */
  readonly elsewhere: number | null;
}

/** Judges whether lines come in this order in the log of each service; other lines may come between them. */
export function judgeLogOrder(wanted: readonly Line[], services: readonly string[], evidence: Evidence): Judgement {
  const read = services.map((service) => progressIn(service, wanted, evidence));
  const found = read.flatMap((each) => ('at' in each ? [each] : []));
  const unread = read.find((each) => 'because' in each);
  const missing = found.filter(({ at }) => at.length < wanted.length);
  // What is missing might still have come, or stand in a line that could not be read.
  const open = missing.find(({ untold }) => evidence.cutShort !== undefined || untold > 0);
  const wrong = missing.filter(({ untold }) => evidence.cutShort === undefined && untold === 0);
  const isSilent = found.length > 0 && found.every(({ lines }) => lines === 0);
  if (isSilent && evidence.cutShort === undefined) return vacuous(`${listText(services)} logged nothing at all`);
  if (wrong.length === 0 && unread !== undefined) return unread;
  if (wrong.length === 0 && open !== undefined) {
    return unknown(evidence.cutShort ?? `log of ${open.service}: lines beyond 1 MiB cannot be judged`);
  }
  return judgeCounted({
    breaks: wrong.reduce((sum, { at }) => sum + wanted.length - at.length, 0),
    of: wanted.length * found.length,
    because:
      wrong.length === 0
        ? `${countText(wanted.length, 'line')} in order in ${countText(found.length, 'log')}`
        : listText(wrong.map((each) => missingText(each, wanted))),
    parts: found.map(({ service, at }) => ({
      part: service,
      observed: String(at.length),
      expected: String(wanted.length),
      off: String(at.length - wanted.length),
    })),
    evidence: wrong.flatMap(({ service, file, at, elsewhere }) => {
      const line = elsewhere ?? at.at(-1);
      return line === undefined ? [] : [{ what: `log of ${service}`, place: { file, line } }];
    }),
  });
}

function progressIn(service: string, wanted: readonly Line[], evidence: Evidence): Progress | Judgement {
  const source = evidence.logs.get(service);
  if (source === undefined) return unknown(`there is no log of ${service}`);
  if (source.problem !== undefined) return unknown(`log of ${service}: ${source.problem}`);
  try {
    return { service, file: source.file, ...follow(wanted, source.file) };
  } catch (thrown) {
    return unknown(`log of ${service}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
}

/** Takes each wanted line as soon as it comes. */
function follow(wanted: readonly Line[], file: string): Omit<Progress, 'service' | 'file'> {
  const differences = wanted.map(differenceOf);
  const at: number[] = [];
  const seen = new Map<number, number>();
  let [lines, untold] = [0, 0];
  for (const { text, isCut } of logLines(file)) {
    lines += 1;
    if (isCut) untold += 1;
    for (let index = at.length; index < wanted.length; index += 1) {
      if (differences[index]?.(text) === 'not at all' && !seen.has(index)) seen.set(index, lines);
    }
    if (differences[at.length]?.(text) === 'not at all') at.push(lines);
  }
  return { lines, untold, at, elsewhere: seen.get(at.length) ?? null };
}

function missingText({ service, at, elsewhere }: Progress, wanted: readonly Line[]): string {
  const [next, before] = [wanted[at.length], wanted[at.length - 1]].map((line) => (line ? lineText(line) : ''));
  const place = elsewhere === null ? 'it is nowhere' : `it is at line ${elsewhere}`;
  if (at.length === 0) return `${service}: ${next} never comes`;
  return `${service}: ${next} does not come after ${before} at line ${at.at(-1)}; ${place}`;
}
