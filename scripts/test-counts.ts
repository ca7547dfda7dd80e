// A vitest reporter that writes what the tests came to into the file that GYM_TEST_COUNTS names.
import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/** What a run of the tests came to. */
export interface TestCounts {
  passed: number;
  /** Failed tests, and what no test of its own stands for: files that do not load, hooks, unhandled errors. */
  failed: number;
  skipped: number;
}

/** Vitest makes one of these itself. */
export default class TestCountsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const errors = suites.reduce((sum, suite) => sum + suite.errors().length, unhandledErrors.length);
    const counts: TestCounts = { passed: count('passed'), failed: count('failed') + errors, skipped: count('skipped') };
    const file = process.env['GYM_TEST_COUNTS'];
    if (file !== undefined) writeFileSync(file, JSON.stringify(counts));
  }
}
