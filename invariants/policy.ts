import { z } from 'zod';
import { isJudgement } from '../gym/judge/compare.ts';
import { judgeCounted, partsKept } from '../gym/judge/counted.ts';
import { documentsOf, documentText, placeIn } from '../gym/judge/documents.ts';
import { lineLimit, logLines } from '../gym/judge/log-lines.ts';
import { countText, listText, numberText } from '../gym/judge/text.ts';
import { defineInvariant, invariantBase } from '../gym/task/invariant.ts';
import { type Judgement, unknown, vacuous } from '../gym/task/judgement.ts';
import type { Document, Evidence } from '../gym/task/measurement.ts';
import type { Rule } from './rules/rule.ts';

const rules = z
  .array(z.custom<Rule>((value) => typeof value === 'function', 'a function of a document'))
  .min(1, 'name at least one rule');
const schema = z.union([
  z.strictObject({
    ...invariantBase,
    /** The measurement or witness whose documents are looked at. */
    documents: z.string().min(1),
    rules,
  }),
  z.strictObject({
    ...invariantBase,
    /** Services whose logs are looked at: each line is a document, a text. */
    services: z.array(z.string()).min(1),
    rules,
  }),
]);
type Spec = z.output<typeof schema>;

/** Violations that a failure names; the others are among its evidence. */
const toldViolations = 3;

/** Documents, or lines of logs, keep rules, which are plain functions. */
export const policy = defineInvariant({
  kind: 'policy',
  schema,
  claim: (spec) => {
    const what =
      'documents' in spec ? `document of ${spec.documents}` : `line of the log of ${spec.services.join(', ')}`;
    return `every ${what} keeps ${listText(spec.rules.map(nameOf))}`;
  },
  sources: (spec) => ('documents' in spec ? [spec.documents] : []),
  services: (spec) => ('services' in spec ? spec.services : []),
  judge: (spec, evidence) =>
    'documents' in spec ? judgeDocuments(spec, evidence) : judgeLogs(spec.services, spec.rules, evidence),
  notices: (spec) => ('documents' in spec ? ['damage'] : []),
});

function nameOf(rule: Rule, index: number): string {
  return rule.name === '' ? `rule ${index + 1}` : rule.name;
}

/** What one rule came to. */
interface RuleCount {
  readonly name: string;
  readonly check: Rule;
  /** Documents that it had something to say of. */
  judged: number;
  violations: number;
}

/** What was found so far; the first violations only, because a log may hold millions. */
interface Tally {
  /** A place as a failure tells it. */
  readonly whereOf: (place: Document['place']) => string;
  readonly counts: readonly RuleCount[];
  readonly first: { readonly text: string; readonly evidence: Judgement['evidence'][number] }[];
  documents: number;
  /** Documents with at least one violation. */
  broken: number;
}

const tallyOf = (given: readonly Rule[], whereOf: Tally['whereOf']): Tally => ({
  whereOf,
  counts: given.map((check, index) => ({ name: nameOf(check, index), check, judged: 0, violations: 0 })),
  first: [],
  documents: 0,
  broken: 0,
});

/** What an author's rule gives, whatever its types say. */
const violations = z.array(
  z.object({
    message: z.string(),
    path: z.array(z.union([z.string(), z.number()])).optional(),
    line: z.number().int().positive().optional(),
  }),
);
type Violations = z.output<typeof violations>;

function count(tally: Tally, document: Document, others: readonly Document[]): void {
  tally.documents += 1;
  let isBroken = false;
  for (const each of tally.counts) {
    const found = violationsOf(each, document, others);
    if (found === null) continue;
    each.judged += 1;
    each.violations += found.length;
    isBroken ||= found.length > 0;
    for (const violation of found) tell(tally, document, violation);
  }
  if (isBroken) tally.broken += 1;
}

function violationsOf({ name, check }: RuleCount, document: Document, others: readonly Document[]): Violations | null {
  let found: unknown;
  try {
    found = check(document, others);
  } catch (thrown) {
    throw new Error(
      `${name}, at ${documentText(document)}: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    );
  }
  if (found === null || (Array.isArray(found) && found.length === 0)) return found === null ? null : [];
  const parsed = violations.safeParse(found);
  if (!parsed.success) throw new Error(`${name}, at ${documentText(document)}, gave no list of violations`);
  return parsed.data;
}

function tell(tally: Tally, document: Document, { message, path = [], line }: Violations[number]): void {
  if (tally.first.length >= partsKept) return;
  const place = line === undefined ? placeIn(document, path) : { ...document.place, line };
  const keys = path.join('.').slice(0, 120);
  const what = `${keys === '' ? '' : `${keys} `}${message.slice(0, 300)}`;
  tally.first.push({ text: `${tally.whereOf(place)}: ${what}`, evidence: { what, place } });
}

function judgeDocuments(spec: Extract<Spec, { documents: string }>, evidence: Evidence): Judgement {
  const found = documentsOf(spec.documents, evidence);
  if (isJudgement(found)) return found;
  const tally = tallyOf(spec.rules, (place) => documentText({ value: null, place }));
  for (const document of found) count(tally, document, found);
  return judgeTally(tally, 'document');
}

function judgeLogs(services: readonly string[], given: readonly Rule[], evidence: Evidence): Judgement {
  const tally = tallyOf(given, ({ service, line }) => `${service}, line ${line}`);
  const read = services.map((service) => ({ service, ...countLog(tally, service, evidence) }));
  const judged = judgeTally(tally, 'line');
  // What one service has logged is not hidden by another whose log cannot be read.
  if (judged.state === 'fail') return judged;
  const silent = read.filter(({ lines, because }) => lines === 0 && because === undefined);
  if (silent.length > 0) return vacuous(`${listText(silent.map(({ service }) => service))} logged nothing at all`);
  const unread = read.find(({ because }) => because !== undefined);
  return unread?.because === undefined ? judged : unknown(`log of ${unread.service}: ${unread.because}`);
}

interface ReadLog {
  readonly lines: number;
  /** Why it could not be judged as a whole. */
  readonly because?: string;
}

function countLog(tally: Tally, service: string, evidence: Evidence): ReadLog {
  const log = evidence.logs.get(service);
  if (log === undefined) return { lines: 0, because: 'there is none' };
  if (log.problem !== undefined) return { lines: 0, because: log.problem };
  let line = 0;
  let isCut = false;
  try {
    for (const each of logLines(log.file)) {
      line += 1;
      isCut ||= each.isCut;
      count(tally, { value: each.text, place: { file: log.file, line, service } }, []);
    }
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown;
    return { lines: line, because: thrown.message };
  }
  return isCut
    ? { lines: line, because: `a line beyond ${lineLimit / 1024 / 1024} MiB cannot be judged` }
    : { lines: line };
}

/** The file could not be read, as against a rule that threw. */
function isMissing(thrown: unknown): thrown is Error {
  return thrown instanceof Error && 'syscall' in thrown;
}

function judgeTally({ counts, first, documents, broken }: Tally, what: string): Judgement {
  const breaks = counts.reduce((sum, each) => sum + each.violations, 0);
  const judged = counts.reduce((sum, each) => sum + each.judged, 0);
  const idle = counts.filter((each) => each.judged === 0);
  const isAre = idle.length === 1 ? 'has' : 'have';
  if (breaks === 0 && idle.length > 0)
    return vacuous(
      `${listText(idle.map(({ name }) => name))} ${isAre} nothing to say of ${countText(documents, what)}`,
    );
  const kept = counts.length === 1 ? 'the rule is kept' : `all ${counts.length} rules are kept`;
  const told = first.slice(0, toldViolations).map(({ text }) => text);
  const more = breaks > told.length ? ` and ${numberText(breaks - told.length)} more` : '';
  const broke = `${countText(breaks, 'violation')} in ${numberText(broken)} of ${countText(documents, what)}`;
  return judgeCounted({
    breaks,
    of: judged,
    because: breaks === 0 ? `${countText(documents, what)}, ${kept}` : `${broke}: ${told.join(', ')}${more}`,
    parts: counts.map(({ name, violations: found }) => ({
      part: name,
      observed: String(found),
      expected: '0',
      off: String(found),
    })),
    evidence: first.map(({ evidence }) => evidence),
  });
}
