import { stripVTControlCharacters } from 'node:util';
import { type Case, type Parsed, testCase, unparseable } from '../cases.ts';
import { firstLines, placeIn } from './text.ts';

/** Tests of one binary, from `running N tests` to `test result:`. */
interface Section {
  /** The binary's name; none where standard error, which tells it, is not in the same stream. */
  readonly target: string | undefined;
  readonly announced: number;
  readonly cases: { name: string; state: Case['state']; message: string | undefined }[];
  /** What failed tests printed, by name. */
  readonly outputs: Map<string, string>;
  /** A test that began and whose result is not printed yet: what it prints itself, past libtest, stands before that. */
  unended: string | undefined;
  /** Name whose output is being read; none before `failures:`. */
  reading: string | undefined;
  readonly after: string[];
}

const header = /^\s+Running (?:unittests )?(?:(\S+) )?\((.+)\)$/;
const docHeader = /^\s+Doc-tests (\S+)$/;
const begin = /^running (\d+) tests?$/;
const testLine = /^test (.+?) \.\.\. (.*)$/;
const outcome = /^(ok|FAILED|ignored|bench: .*)(?:, (.*?))?(?: <[\d.]+s>)?$/;
const outputHead = /^---- (.+) (?:stdout|stderr) ----$/;
const result =
  /^test result: (ok|FAILED)\. (\d+) passed; (\d+) failed; (\d+) ignored; (\d+) measured; \d+ filtered out(?:; .*)?$/;
/** What cargo says after tests failed, which the tests tell as well. */
const failedTarget = /error: (?:test failed|doctest failed|bench failed|\d+ targets? failed)/;
const compileEnd = /^error: could not compile `([^`]+)`/;

/**
 * Reads what stable `cargo test` prints: libtest's text, and cargo's own where it is in the same stream (`2>&1`).
 * Every section has to have as many tests, with the results, as it announces and counts.
 *
 *     (Running | Doc-tests) ─► running N tests ─► test … ─► (failures: ─► ---- NAME stdout ----)* ─► test result:
 *                                                    └─► error: test failed (the binary crashed)
 */
export function parseCargo(text: string): Parsed {
  const reader = new CargoReader();
  // CARGO_TERM_COLOR=always is common on build machines.
  const lines = stripVTControlCharacters(text).split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    const because = reader.take(line);
    if (because !== undefined) return unparseable(`line ${index + 1}: ${because}`);
  }
  return reader.finish();
}

class CargoReader {
  private readonly cases: Case[] = [];
  private sections = 0;
  private open: Section | undefined;
  private target: string | undefined;
  /** A header that no section has followed yet. */
  private isAwaited = false;
  private errors: string[] = [];

  take(line: string): string | undefined {
    const running = header.exec(line) ?? docHeader.exec(line);
    if (running !== null) return this.enter(running);
    const announced = begin.exec(line)?.[1];
    if (announced !== undefined) return this.begin(Number(announced));
    const ended = result.exec(line);
    if (ended !== null) return this.end(ended);
    if (this.open !== undefined) inSection(this.open, line);
    else this.outside(line);
    return undefined;
  }

  finish(): Parsed {
    if (this.open !== undefined) {
      if (!this.open.after.some((line) => failedTarget.test(line)))
        return unparseable('it ends within tests: it was cut off');
      this.crash();
    }
    if (this.isAwaited) return unparseable(`the tests of ${this.target ?? 'a target'} are missing: it was cut off`);
    this.flushErrors('cargo');
    if (this.sections === 0 && this.cases.length === 0) return unparseable('it holds no output of cargo test');
    return { kind: 'cases', cases: this.cases };
  }

  private enter(match: RegExpExecArray): undefined {
    if (this.open !== undefined) this.crash();
    // In `Doc-tests NAME` there is one group; a binary is named by its file, without the hash.
    const [, first = '', binary] = match;
    this.target =
      binary === undefined ? `doc-tests ${first}` : binary.replace(/^.*\//, '').replace(/-[\da-f]{16}(?:\.exe)?$/, '');
    this.isAwaited = true;
  }

  private begin(announced: number): undefined {
    if (this.open !== undefined) this.crash();
    this.isAwaited = false;
    this.sections += 1;
    const { target } = this;
    this.open = { target, announced, cases: [], outputs: new Map(), unended: undefined, reading: undefined, after: [] };
  }

  private end([, word, ...numbers]: RegExpExecArray): string | undefined {
    const { open } = this;
    if (open === undefined) return 'a result without its tests';
    const [passed, failed, ignored, measured] = numbers.map(Number);
    const count = (state: Case['state']): number => open.cases.filter((one) => one.state === state).length;
    const found = `${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} ignored`;
    const said = `${(passed ?? 0) + (measured ?? 0)} passed, ${failed} failed, ${ignored} ignored`;
    if (found !== said) return `it counts ${said}, and lists ${found}`;
    if (open.cases.length !== open.announced)
      return `it announces ${open.announced} tests and lists ${open.cases.length}`;
    if ((word === 'ok') !== (failed === 0)) return `its result is ${word} with ${failed} failed`;
    this.close(open);
    return undefined;
  }

  /** The binary ended in the middle of its tests. */
  private crash(): void {
    const { open } = this;
    if (open === undefined) return;
    const why = open.after.filter((line) => !failedTarget.test(line) && !/^\s*Caused by:$/.test(line)).join('\n');
    this.close(open);
    const message = firstLines(why) ?? 'the test binary ended before its tests did';
    this.cases.push(testCase([...path(open), bare(open.unended ?? 'all tests')], 'failed', { message }));
  }

  private close(section: Section): void {
    this.open = undefined;
    for (const { name, state, message } of section.cases) {
      const output = section.outputs.get(name) ?? section.outputs.get(bare(name));
      const place = documented(name) ?? placeIn(output);
      const said = state === 'failed' ? (panicOf(output) ?? message) : message;
      this.cases.push(testCase([...path(section), bare(name)], state, { ...place, message: said }));
    }
  }

  private outside(line: string): void {
    if (failedTarget.test(line)) return;
    const crate = compileEnd.exec(line)?.[1];
    if (crate !== undefined) this.flushErrors(crate);
    else if (/^error(?:\[E\d+\])?: /.test(line) || this.errors.length > 0) this.errors.push(line);
  }

  /** Errors of the compiler, or of cargo itself. */
  private flushErrors(name: string): void {
    const output = this.errors.join('\n');
    this.errors = [];
    if (output === '' && name === 'cargo') return;
    const message = firstLines(output) ?? 'it does not compile: see its output';
    this.cases.push(testCase([name], 'failed', { ...placeIn(output), message }));
  }
}

function inSection(section: Section, line: string): void {
  if (section.reading === undefined && (line === 'failures:' || line === 'successes:')) {
    section.reading = '';
    return;
  }
  if (section.reading !== undefined) {
    readOutput(section, line);
    return;
  }
  const begun = testLine.exec(line);
  const [, name = section.unended, rest = line] = begun ?? [];
  const [, word, note] = outcome.exec(rest) ?? [];
  if (name !== undefined && word !== undefined) {
    const state = word === 'FAILED' ? 'failed' : word === 'ignored' ? 'skipped' : 'passed';
    section.cases.push({ name, state, message: note });
    section.unended = undefined;
    section.after.length = 0;
  } else if (begun !== null) {
    section.unended = name;
    section.after.push(rest);
  } else if (!/ has been running for over \d+ seconds$/.test(line)) section.after.push(line);
}

/** Outputs by name, then a list of names: that list has no head, and what it adds to the last output is cut off there. */
function readOutput(section: Section, line: string): void {
  const name = outputHead.exec(line)?.[1];
  if (name !== undefined) section.reading = name;
  else if (line === 'failures:' || line === 'successes:') section.reading = '';
  else if (section.reading) {
    section.outputs.set(section.reading, `${section.outputs.get(section.reading) ?? ''}${line}\n`);
  }
}

const path = ({ target }: Section): string[] => (target === undefined ? [] : [target]);

/** Without what libtest adds: it may go with an attribute, and the test stays the same. */
const bare = (name: string): string => name.replace(/ - (?:should panic|compile|compile fail)$/, '');

/** `src/lib.rs - total (line 7)`: where a documentation test stands. */
function documented(name: string): { file: string; line: number } | undefined {
  const [, file, line] = /^(\S+\.\w+) - .*\(line (\d+)\)/.exec(name) ?? [];
  return file === undefined ? undefined : { file, line: Number(line) };
}

/** What a panic said, without the output before it and the stack behind it. */
export function panicOf(output: string | undefined): string | undefined {
  if (output === undefined) return undefined;
  const [, told] =
    /^thread '.*' (?:\(\d+\) )?panicked at .*:\n([\s\S]*?)(?:^note: |^stack backtrace:|(?![\s\S]))/m.exec(output) ?? [];
  const [, before173] = /^thread '.*' panicked at '([\s\S]*)/m.exec(output) ?? [];
  return firstLines(told ?? before173?.split(/', \S+:\d+:\d+$/m, 1)[0]) ?? firstLines(output);
}
