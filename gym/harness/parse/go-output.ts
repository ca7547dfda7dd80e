import { firstLines, placeIn } from './text.ts';

/** What `go test` itself prints between a test's own lines. */
const frameLine = /^\s*(?:=== \w+\s|--- (?:PASS|FAIL|SKIP|BENCH):|(?:FAIL|PASS)$|FAIL\t|ok\s+\t|exit status \d+$)/;
/** `t.Error` and `t.Log` print alike: a file of the package, and the line. */
const ownPlace = /^\s*[\w.-]+\.go:\d+: /;
/** As many lines as a message keeps. */
const shownLines = 8;
/** A test that logs without end fills memory else. */
const keptChars = 64 * 1024;

/** What a failed test said, and where. */
export interface GoFailure {
  readonly message?: string | undefined;
  readonly place?: { readonly file: string; readonly line: number } | undefined;
}

/**
 * Finds what matters in a failed test's output: a panic without its stack; else all of it; of a long one, from the
 * last line that has a place on, for logs come before the failure.
 */
export function failedMessage(output: string): GoFailure {
  const lines = output
    .slice(-keptChars)
    .split('\n')
    .filter((line) => !frameLine.test(line));
  const panic = lines.findIndex((line) => /^(?:panic|fatal error): /.test(line));
  if (panic !== -1) {
    const stack = lines.slice(panic);
    const end = stack.findIndex((line, index) => index > 0 && /^(?:goroutine \d+ |\[signal |\s*$)/.test(line));
    return {
      message: firstLines(stack.slice(0, end === -1 ? undefined : end).join('\n')),
      place: placeIn(stack.join('\n')),
    };
  }
  const last = lines.findLastIndex((line) => ownPlace.test(line));
  const told = lines.length > shownLines && last !== -1 ? lines.slice(last) : lines;
  return {
    message: firstLines(told.map((line) => line.replace(/^ {4}/, '')).join('\n')),
    place: last === -1 ? undefined : placeIn(lines[last]),
  };
}
