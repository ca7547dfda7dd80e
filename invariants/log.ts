import { z } from 'zod';
import { differenceOf, lineSchema, lineText } from '../gym/judge/line.ts';
import { logLines } from '../gym/judge/log-lines.ts';
import { judgeLogOrder } from '../gym/judge/log-order.ts';
import { countText, listText, shareText } from '../gym/judge/text.ts';
import { defineInvariant, invariantBase } from '../gym/task/invariant.ts';
import { type Judgement, unknown, vacuous } from '../gym/task/judgement.ts';
import type { Evidence, ServiceLog } from '../gym/task/measurement.ts';

const services = z.array(z.string()).min(1);
const counted = z.strictObject({
  ...invariantBase,
  services,
  line: lineSchema,
  /** In each service: at least one such line, none, or a number of them. */
  expect: z.union([
    z.enum(['present', 'absent']),
    z
      .strictObject({ atLeast: z.number().int().nonnegative(), atMost: z.number().int() })
      .refine(({ atLeast, atMost }) => atLeast <= atMost, 'atLeast is above atMost'),
  ]),
});
const ordered = z.strictObject({
  ...invariantBase,
  services,
  /** In each service: lines that come one after the other; others may come between them. */
  inOrder: z.array(lineSchema).min(2, 'an order takes two lines'),
});
const schema = z.union([counted, ordered]);
type Spec = z.output<typeof counted>;

/** What services have logged, or have not, and in which order, in each of their logs. */
export const log = defineInvariant({
  kind: 'log',
  schema,
  claim(spec) {
    const where = `in the log of ${spec.services.join(', ')}`;
    return 'inOrder' in spec
      ? `${spec.inOrder.map(lineText).join(', then ')} ${where}`
      : `${lineText(spec.line)} is ${expectText(spec.expect)} ${where}`;
  },
  services: (spec) => spec.services,
  judge: (spec, evidence) =>
    'inOrder' in spec ? judgeLogOrder(spec.inOrder, spec.services, evidence) : judgeCount(spec, evidence),
  notices: (spec) => ('inOrder' in spec || rangeOf(spec.expect).atLeast > 0 ? ['truncate'] : []),
});

interface Found {
  readonly service: string;
  readonly lines: number;
  readonly matches: number;
  /** Lines that are too long to be told: each may be one more match. */
  readonly untold: number;
  /** 1-based number of the first matching line, or of the one that came nearest. */
  readonly at: number | null;
  /** How the nearest line differs. */
  readonly near: string | null;
  readonly file: string;
}

function judgeCount(spec: Spec, evidence: Evidence): Judgement {
  const read = spec.services.map((service) => search(spec, service, evidence));
  const found = read.flatMap((each) => ('matches' in each ? [each] : []));
  const { atLeast, atMost } = rangeOf(spec.expect);
  const judged = found.map((each) => ({
    ...each,
    off: Math.max(0, atLeast - each.matches - each.untold) + Math.min(0, atMost - each.matches),
  }));
  // A line too many stands there for good; a missing one might still have come.
  const early = evidence.cutShort === undefined ? undefined : judged.find(({ off }) => off > 0);
  const wrong = judged.filter(({ off }) => off < 0 || (off > 0 && early === undefined));
  const silent = found.filter(({ lines }) => lines === 0);
  const unread = read.find((each) => 'because' in each);
  const untold = found.find(({ matches, untold: more }) => more > 0 && (matches < atLeast || matches + more > atMost));
  // The worst of the services decides: what one has logged is not hidden by the silence of another.
  if (wrong.length === 0) {
    if (silent.length > 0 && early === undefined)
      return vacuous(`${listText(silent.map(({ service }) => service))} logged nothing at all`);
    if (unread !== undefined) return unread;
    if (early !== undefined) return unknown(evidence.cutShort ?? '');
    if (untold !== undefined) return unknown(`log of ${untold.service}: lines beyond 1 MiB cannot be judged`);
  }
  return {
    state: wrong.length === 0 ? 'pass' : 'fail',
    because:
      wrong.length === 0
        ? `${lineText(spec.line)} is ${expectText(spec.expect)} in ${shareText(found.length, found.length, 'log')}`
        : listText(
            wrong.map(
              ({ service, matches, near }) =>
                `${service} logged it ${countText(matches, 'time')}${near === null ? '' : `; ${near}`}`,
            ),
          ),
    margin: wrong.length === 0 ? 0 : -Math.max(...wrong.map(({ off }) => Math.abs(off))),
    distance: wrong.length / found.length,
    unit: 'count',
    parts: judged.map(({ service, matches, off }) => ({
      part: service,
      observed: String(matches),
      expected: expectText(spec.expect),
      off: String(-off),
    })),
    evidence: wrong.flatMap(({ service, file, at }) =>
      at === null ? [] : [{ what: `log of ${service}`, place: { file, line: at } }],
    ),
  };
}

function rangeOf(expect: Spec['expect']): { atLeast: number; atMost: number } {
  if (expect === 'present') return { atLeast: 1, atMost: Number.POSITIVE_INFINITY };
  return expect === 'absent' ? { atLeast: 0, atMost: 0 } : expect;
}

/** What a service's log says, or the judgement that it cannot be read. */
function search(spec: Spec, service: string, evidence: Evidence): Found | Judgement {
  const source = evidence.logs.get(service);
  if (source === undefined) return unknown(`there is no log of ${service}`);
  if (source.problem !== undefined) return unknown(`log of ${service}: ${source.problem}`);
  try {
    return searchFile(spec, source);
  } catch (thrown) {
    return unknown(`log of ${service}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
}

function searchFile(spec: Spec, source: ServiceLog): Found {
  const difference = differenceOf(spec.line);
  let [lines, matches, untold] = [0, 0, 0];
  let [at, nearAt]: [number | null, number | null] = [null, null];
  let near: string | null = null;
  for (const { text, isCut } of logLines(source.file)) {
    lines += 1;
    const differs = difference(text);
    if (differs === 'not at all') {
      matches += 1;
      at ??= lines;
    } else if (isCut) {
      untold += 1;
    } else if (differs !== 'entirely' && nearAt === null) {
      nearAt = lines;
      near = differs;
    }
  }
  return {
    service: source.service,
    lines,
    matches,
    untold,
    at: at ?? nearAt,
    near: matches === 0 ? near : null,
    file: source.file,
  };
}

function expectText(expect: Spec['expect']): string {
  return typeof expect === 'string' ? expect : `logged ${expect.atLeast} to ${expect.atMost} times`;
}
