import { z } from 'zod';
import { type Case, type Parsed, testCase, unparseable } from '../cases.ts';
import { failedMessage } from './go-output.ts';
import { firstLines, milliseconds, placeIn } from './text.ts';

/** An event of `go test -json`: https://pkg.go.dev/cmd/test2json. Actions that are not known here change nothing. */
const eventSchema = z.object({
  Action: z.string(),
  Package: z.string().optional(),
  Test: z.string().optional(),
  Output: z.string().optional(),
  Elapsed: z.number().nonnegative().optional(),
  ImportPath: z.string().optional(),
  FailedBuild: z.string().optional(),
});
type Event = z.output<typeof eventSchema>;

/** How a test or a package ends. A benchmark that logs ends with `bench`. */
const ends: ReadonlyMap<string, Case['state']> = new Map([
  ['pass', 'passed'],
  ['bench', 'passed'],
  ['fail', 'failed'],
  ['skip', 'skipped'],
]);

/** Slashes of a name that are looked at. */
const deepest = 50;

interface Test {
  readonly name: string;
  output: string;
  end: Case['state'] | undefined;
  seconds: number | undefined;
}

interface Package {
  readonly name: string;
  readonly tests: Test[];
  /** The latest run of each test: with -count a name comes again. */
  readonly latest: Map<string, Test>;
  output: string;
  end: Case['state'] | undefined;
  failedBuild: string | undefined;
}

/**
 * Reads the stream of `go test -json`. Lines that are no events are left out: a test, or standard error, may print
 * anything between them. Each package and each test that began has to end.
 *
 *     package: (start) ─► run ─► output* ─► pass | fail | skip, each test ─► pass | fail | skip
 *     build:   build-output* ─► build-fail ─► fail of the package, with FailedBuild
 */
export function parseGo(text: string): Parsed {
  const reader = new GoReader();
  let start = 0;
  for (let number = 1; start < text.length; number += 1) {
    const end = text.indexOf('\n', start);
    const because = reader.take(text.slice(start, end === -1 ? undefined : end).trimEnd(), end === -1);
    if (because !== undefined) return unparseable(`line ${number}: ${because}`);
    start = end === -1 ? text.length : end + 1;
  }
  return reader.result();
}

class GoReader {
  private readonly packages: Package[] = [];
  /** The latest run of each package: there may be several in a stage that runs `go test` twice. */
  private readonly latest = new Map<string, Package>();
  private readonly builds = new Map<string, string>();
  /** Of a Go before 1.24, which does not tell failed builds as events: "FAIL\tPACKAGE [build failed]". */
  private readonly plainFailures: string[] = [];
  /** Lines between the events: what a compiler says on standard error, where it is in the same stream. */
  private between = '';

  /** Takes a line; gives why nothing can be judged by it. */
  take(line: string, isUnended: boolean): string | undefined {
    if (!line.startsWith('{')) return this.plain(line);
    const event = readEvent(line, isUnended);
    if (event === 'other') return undefined;
    if (event === 'broken') return 'a broken event: the stream was cut off or mixed with other output';
    if (event.Action === 'build-output' || event.Action === 'build-fail') return this.build(event);
    if (event.Package === undefined) return undefined;
    const into = this.packageOf(event.Package, event.Action);
    if (into.end !== undefined) return `an event of ${into.name} after its end`;
    return event.Test === undefined ? packageEvent(into, event) : testEvent(into, event.Test, event);
  }

  result(): Parsed {
    const { packages } = this;
    if (packages.length === 0 && this.plainFailures.length === 0 && this.builds.size === 0) {
      return unparseable('it holds no event of go test -json');
    }
    for (const one of packages) {
      const because = unfinished(one);
      if (because !== undefined) return unparseable(because);
    }
    const told = new Set(packages.flatMap(({ failedBuild }) => failedBuild ?? []));
    const cases = packages.flatMap((one) => packageCases(one, this.builds.get(one.failedBuild ?? '') ?? this.between));
    for (const [path, output] of this.builds) if (!told.has(path)) cases.push(buildCase(path, output));
    for (const name of this.plainFailures) cases.push(buildCase(name, this.between));
    return { kind: 'cases', cases };
  }

  private plain(line: string): undefined {
    const failed = /^FAIL\s+(\S+)/.exec(line)?.[1];
    if (failed !== undefined) this.plainFailures.push(failed);
    else if (this.between.length < 10_000) this.between += `${line}\n`;
  }

  private build({ ImportPath: path = '', Output: output = '' }: Event): undefined {
    this.builds.set(path, (this.builds.get(path) ?? '') + output);
  }

  private packageOf(name: string, action: string): Package {
    let one = this.latest.get(name);
    if (one === undefined || (action === 'start' && one.end !== undefined)) {
      one = { name, tests: [], latest: new Map(), output: '', end: undefined, failedBuild: undefined };
      this.packages.push(one);
      this.latest.set(name, one);
    }
    return one;
  }
}

/** `other` is a line of JSON that somebody else printed. */
function readEvent(line: string, isUnended: boolean): Event | 'other' | 'broken' {
  const isOurs = isUnended || /^\{"(?:Time|Action|ImportPath)":/.test(line);
  try {
    const read = eventSchema.safeParse(JSON.parse(line));
    if (read.success) return read.data;
  } catch {
    // Not JSON.
  }
  return isOurs ? 'broken' : 'other';
}

function packageEvent(into: Package, { Action: action, Output: output = '', FailedBuild }: Event): undefined {
  if (action === 'output') into.output += output;
  into.end = ends.get(action);
  into.failedBuild = FailedBuild ?? into.failedBuild;
}

function testEvent(into: Package, name: string, event: Event): string | undefined {
  const { Action: action, Output: output = '', Elapsed } = event;
  let test = into.latest.get(name);
  if (test === undefined || (action === 'run' && test.end !== undefined)) {
    test = { name, output: '', end: undefined, seconds: undefined };
    into.tests.push(test);
    into.latest.set(name, test);
  } else if (action === 'run') {
    return `${into.name} ${name} begins a second time before it ended`;
  }
  if (action === 'output') test.output += output;
  const end = ends.get(action);
  if (end === undefined) return undefined;
  if (test.end !== undefined) return `${into.name} ${name} ends a second time`;
  test.end = end;
  test.seconds = Elapsed;
  return undefined;
}

/** Why a package cannot be judged by: tests without an end are a crash where the package failed, else a loss. */
function unfinished({ name, end, tests }: Package): string | undefined {
  if (end === undefined) return `package ${name} has no end: the stream was cut off`;
  if (end === 'failed') return undefined;
  // Benchmarks that do not log have no end of their own.
  const open = tests.find((test) => test.end === undefined && !test.name.startsWith('Benchmark'));
  if (open !== undefined) return `${name} ${open.name} has no end, though its package passed`;
  const failed = tests.find((test) => test.end === 'failed');
  return failed === undefined ? undefined : `${name} ${failed.name} failed, though its package passed`;
}

function packageCases(one: Package, build: string): Case[] {
  const parents = new Set(one.tests.map(({ name }) => parentOf(one, name)));
  const failedParents = new Set(one.tests.filter(isFailed).map(({ name }) => parentOf(one, name)));
  const cases = one.tests.flatMap((test) => {
    const made = caseOf(one.name, test);
    if (!parents.has(test.name)) return [made];
    // A parent fails with its subtests; it is told where it says something itself, as in a panic.
    const isOwn = isFailed(test) && (!failedParents.has(test.name) || made.message !== undefined);
    return isOwn ? [made] : [];
  });
  if (one.end !== 'failed' || cases.some((test) => test.state === 'failed')) return cases;
  return [...cases, one.failedBuild === undefined ? packageCase(one) : buildCase(one.name, build)];
}

/** A test that did not end did not survive: its package failed. */
const isFailed = ({ end, name }: Test): boolean =>
  end === 'failed' || (end === undefined && !name.startsWith('Benchmark'));

/** The test that a subtest belongs to: "a/b/c" to "a/b", or to "a" where the name of the subtest has a slash. */
function parentOf({ latest }: Package, name: string): string | undefined {
  let end = name.length;
  for (let level = 0; level < deepest; level += 1) {
    end = name.lastIndexOf('/', end - 1);
    if (end <= 0) return undefined;
    const parent = name.slice(0, end);
    if (latest.has(parent)) return parent;
  }
  return undefined;
}

function caseOf(packageName: string, test: Test): Case {
  const { name, output, seconds } = test;
  const state = isFailed(test) ? 'failed' : (test.end ?? 'passed');
  const { message, place } = state === 'passed' ? {} : failedMessage(output);
  const ended = test.end === undefined && state === 'failed' ? 'it did not end' : undefined;
  return testCase([packageName, ...name.split('/')], state, {
    ...place,
    message: message ?? ended,
    durationMs: seconds === undefined ? undefined : milliseconds(seconds * 1000),
  });
}

/** A package that fails outside of its tests: in TestMain, or in the race detector. */
function packageCase({ name, output }: Package): Case {
  const { message, place } = failedMessage(output);
  return testCase([name], 'failed', { ...place, message: message ?? 'it failed outside of its tests' });
}

function buildCase(name: string, output: string): Case {
  const message = firstLines(output.replace(/^# .*\n/gm, '')) ?? 'it does not build: see its output';
  return testCase([name], 'failed', { ...placeIn(output), message });
}
