import type { FileChange } from '../../workspace/changes.ts';
import { readByPattern } from './by-pattern.ts';
import { readJavaScript } from './javascript.ts';
import { stackOf } from './stacks.ts';
import { noTests, type TestCode, together } from './test-code.ts';

const script = /\.[cm]?[jt]sx?$/;
const testPath =
  /(?:^|\/)(?:__tests__|tests?|specs?|e2e|cypress|harness)\/|[._-](?:test|spec|cy|e2e)\.[cm]?[jt]sx?$|(?:^|\/)test\.[cm]?[jt]sx?$/i;
const testPackage =
  /['"](?:vitest|@jest\/globals|node:test|mocha|@playwright\/test|ava|tape|tap|bun:test|cypress|jasmine)['"]/;

/** What the tests of all changed files were and are: a test that moved from one to another is in both. */
export function readTests(changes: readonly FileChange[]): { readonly before: TestCode; readonly after: TestCode } {
  const read = (side: 'before' | 'after'): TestCode =>
    together(changes.map((change) => testsOf(change.path, change[side]?.text)));
  return { before: read('before'), after: read('after') };
}

/** What one file declares; none where it is no file of tests. */
export function testsOf(path: string, text: string | undefined): TestCode {
  const stack = stackOf(path);
  if (stack === undefined || text === undefined) return noTests;
  if (!script.test(path)) {
    const code = readByPattern(stack, path, text);
    return stack.isMixed === true && code.cases.length === 0 ? noTests : code;
  }
  // `it` and `test` may mean anything elsewhere.
  if (!testPath.test(path) && !testPackage.test(text)) return noTests;
  return readJavaScript(path, text) ?? readByPattern(stack, path, text);
}
