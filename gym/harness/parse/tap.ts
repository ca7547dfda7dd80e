import { type Case, type Parsed, testCase, unparseable } from '../cases.ts';
import { type Diagnostic, readDiagnostic } from './tap-diagnostic.ts';
import { firstLines, isTestFile, milliseconds } from './text.ts';

/** A test point with what belongs to it. */
interface Point {
  readonly ok: boolean;
  readonly name: string;
  readonly directive: 'skip' | 'todo' | undefined;
  readonly reason: string;
  readonly durationMs: number | undefined;
  diagnostic: Diagnostic;
  subtests: Group | undefined;
}

/** The points of one level, with its plan. */
interface Group {
  /** Columns before its lines; unknown until the first line of a group in braces. */
  indent: number | undefined;
  /** Opened by `{` after a point and closed by `}`; else its lines come before the point that they belong to. */
  readonly braces: boolean;
  readonly points: Point[];
  plan: number | undefined;
  /** A closed group whose point is still to come. */
  pending: Group | undefined;
}

const planLine = /^1\.\.(\d+)\s*(?:#.*)?$/;
const pointLine = /^(not )?ok\b(?:\s+\d+)?(?:\s+|$)(.*)$/;
const bailLine = /^Bail out!\s*(.*)$/i;

/**
 * Reads TAP 13 and 14 (https://testanything.org/tap-version-14-specification.html): subtests that are indented before
 * their point, and those in braces after it, as node-tap and Vitest write them. Lines that are not TAP are left out, as
 * the specification says. A run that was cut off has no plan at its end and is unparseable.
 */
export function parseTap(text: string): Parsed {
  const reader = new TapReader(text.split(/\r?\n/));
  const because = reader.read();
  if (because !== undefined) return unparseable(because);
  const { top } = reader;
  const cases = groupCases(top, []);
  return { kind: 'cases', cases: reader.bailed === undefined ? cases : [...cases, reader.bailed] };
}

class TapReader {
  readonly top: Group = { indent: 0, braces: false, points: [], plan: undefined, pending: undefined };
  bailed: Case | undefined;
  private readonly lines: readonly string[];
  private readonly open: Group[] = [this.top];
  private last: Point | undefined;

  constructor(lines: readonly string[]) {
    this.lines = lines;
  }

  /** Reads all lines; gives why they cannot be judged by. */
  read(): string | undefined {
    for (let index = 0; index < this.lines.length; index += 1) {
      const line = this.lines[index] ?? '';
      if (this.last !== undefined && line.trim() === '---') {
        const end = this.diagnosticEnd(index);
        if (end === -1) return `line ${index + 1}: a diagnostic block is not closed: the file was cut off`;
        this.last.diagnostic = readDiagnostic(this.lines.slice(index + 1, end).join('\n'));
        index = end;
        this.last = undefined;
        continue;
      }
      const because = this.take(line, index);
      if (because !== undefined) return `line ${index + 1}: ${because}`;
      if (this.bailed !== undefined) return undefined;
    }
    return this.end();
  }

  private take(line: string, index: number): string | undefined {
    const body = line.trimStart();
    const indent = line.length - body.length;
    if (body.trimEnd() === '}' && this.open.some((group) => group.braces)) return this.closeBraces();
    const plan = planLine.exec(body);
    const point = pointLine.exec(body);
    const bail = bailLine.exec(body);
    if (plan === null && point === null && bail === null) return undefined;
    if (bail !== null) {
      this.bailed = testCase(['Bail out!'], 'failed', { message: firstLines(bail[1]) });
      // The plan is void; that is what bailing out says.
      this.top.plan = this.top.points.length;
      return undefined;
    }
    const group = this.at(indent);
    if (plan !== null) {
      if (group.plan !== undefined) return 'a second plan';
      group.plan = Number(plan[1]);
      this.last = undefined;
      return undefined;
    }
    this.point(group, point?.[1] === undefined, point?.[2] ?? '', index);
    return undefined;
  }

  private point(group: Group, ok: boolean, text: string, index: number): void {
    const braces = /\s\{\s*$/.test(text) && this.isNested(index);
    const made = readPoint(ok, braces ? text.replace(/\s\{\s*$/, '') : text);
    made.subtests = group.pending;
    group.pending = undefined;
    group.points.push(made);
    this.last = made;
    if (!braces) return;
    made.subtests = { indent: undefined, braces: true, points: [], plan: undefined, pending: undefined };
    this.open.push(made.subtests);
    this.last = undefined;
  }

  /** Whether the next line is deeper and TAP: a test may be named "{". */
  private isNested(index: number): boolean {
    const here = this.lines[index] ?? '';
    const next = this.lines[index + 1] ?? '';
    const depth = (line: string): number => line.length - line.trimStart().length;
    return depth(next) > depth(here) && (planLine.test(next.trimStart()) || pointLine.test(next.trimStart()));
  }

  /** The group that a line of this indentation belongs to; deeper groups are closed, a new one is opened. */
  private at(indent: number): Group {
    let group = this.innermost();
    while (!group.braces && group.indent !== undefined && group.indent > indent) {
      this.open.pop();
      this.innermost().pending = group;
      group = this.innermost();
    }
    group.indent ??= indent;
    if (group.indent >= indent) return group;
    const deeper: Group = { indent, braces: false, points: [], plan: undefined, pending: undefined };
    this.open.push(deeper);
    return deeper;
  }

  private closeBraces(): string | undefined {
    while (this.open.length > 1) {
      const group = this.open.pop();
      if (group?.pending !== undefined) return 'subtests without their test point';
      if (group?.braces === true) break;
    }
    this.last = undefined;
    return undefined;
  }

  private diagnosticEnd(start: number): number {
    const end = `${(this.lines[start] ?? '').replace(/---\s*$/, '')}...`;
    for (let index = start + 1; index < this.lines.length; index += 1) {
      if (this.lines[index]?.trimEnd() === end) return index;
    }
    return -1;
  }

  private innermost(): Group {
    return this.open.at(-1) ?? this.top;
  }

  private end(): string | undefined {
    const { top } = this;
    if (top.plan === undefined && top.points.length === 0 && this.open.length === 1) return 'it holds no TAP';
    if (this.open.length > 1 || top.pending !== undefined) return 'subtests without their test point: it was cut off';
    if (top.plan === undefined) return 'it has no plan: the run was cut off';
    return undefined;
  }
}

function readPoint(ok: boolean, text: string): Point {
  const found =
    /^(?<name>.*?)(?<!\\)#\s*(?:(?<what>skip|todo)\S*\s*(?<reason>.*)|time=(?<time>[\d.]+)(?<unit>m?s)\b.*)$/i;
  const { name = text, what, reason = '', time, unit } = found.exec(text)?.groups ?? {};
  return {
    ok,
    name: unescaped(name.trim().replace(/^-\s*/, '')),
    directive: what === undefined ? undefined : what.toLowerCase() === 'skip' ? 'skip' : 'todo',
    reason: unescaped(reason),
    durationMs: time === undefined ? undefined : milliseconds(Number(time) * (unit === 's' ? 1000 : 1)),
    diagnostic: {},
    subtests: undefined,
  };
}

const unescaped = (text: string): string => text.replace(/\\([\\#])/g, '$1').trim();

function groupCases(group: Group, outer: readonly string[]): Case[] {
  const cases = group.points.flatMap((point, index) =>
    pointCases(point, [...outer, point.name || `test ${index + 1}`]),
  );
  const { plan, points } = group;
  if (plan === points.length) return cases;
  const message = plan === undefined ? 'has no plan' : `planned ${plan} tests and ran ${points.length}`;
  return [...cases, testCase([...outer, 'plan'], 'failed', { message })];
}

function pointCases(point: Point, path: readonly string[]): Case[] {
  const { message, file, line, suite, failedItself } = point.diagnostic;
  const durationMs = point.durationMs ?? point.diagnostic.durationMs;
  const own = (state: Case['state'], text: string | undefined): Case =>
    testCase(path, state, { message: text, file, line, durationMs });
  const inner = point.subtests === undefined ? [] : groupCases(point.subtests, path);
  if (point.directive !== undefined) {
    return inner.length > 0 ? inner : [own('skipped', firstLines(point.reason))];
  }
  if (!point.ok) {
    const isTold = !failedItself && inner.some((one) => one.state === 'failed');
    return isTold ? inner : [...inner, own('failed', message)];
  }
  if (inner.length > 0) return inner;
  // Neither is a test: an empty suite, nor Node's "passed" for a test file that has none.
  if (suite || point.subtests !== undefined) return [own('skipped', 'the suite has no test')];
  if (path.length === 1 && isTestFile(point.name)) return [own('skipped', 'the file has no test')];
  return [own('passed', undefined)];
}
