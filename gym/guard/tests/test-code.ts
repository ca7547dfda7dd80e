/** A test as its source declares it. */
export interface DeclaredCase {
  /** Names from the outermost suite to the test, as far as they are written down. */
  readonly name: string;
  readonly file: string;
  readonly line: number;
  /** One declaration that may stand for any number of cases: a table, a template. */
  readonly isMany: boolean;
  /** Assertions in its body that can be reached. */
  readonly assertions: number;
  /** Those of them that compare a whole value: one may stand for several. */
  readonly wholes: number;
  /** Names of the functions that it calls. */
  readonly calls: ReadonlySet<string>;
  /** Line of a return with assertions behind it, which are never reached. */
  readonly returnsAt: number | undefined;
}

/** A place in a test file: a marker that keeps a test from counting, or an assertion that can never fail. */
export interface Marked {
  readonly file: string;
  readonly line: number;
  /** What stands there, in one line. */
  readonly text: string;
  /** Of a mark that skips one case or suite under a condition, its name. */
  readonly caseUnderCondition?: string;
}

/** What test files declare. */
export interface TestCode {
  readonly cases: readonly DeclaredCase[];
  /** What skips, focuses or expects to fail. */
  readonly skips: readonly Marked[];
  /** Assertions that hold whatever the code does. */
  readonly empty: readonly Marked[];
  /** Assertions outside of every case: those of helpers. */
  readonly loose: number;
}

/** Code that has no tests. */
export const noTests: TestCode = { cases: [], skips: [], empty: [], loose: 0 };

/** What several files declare together. */
export function together(files: readonly TestCode[]): TestCode {
  return {
    cases: files.flatMap(({ cases }) => cases),
    skips: files.flatMap(({ skips }) => skips),
    empty: files.flatMap(({ empty }) => empty),
    loose: files.reduce((sum, { loose }) => sum + loose, 0),
  };
}

/** A piece of source in one line, for people. */
export function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

/** Functions that are called so assert something, whoever wrote them: `expectOrder`, `assert_equal`, `checkTotals`. */
export const assertingName = /^(?:expect|assert|verify|check|should|must|ensure)(?:_|[A-Z]|$)/;
