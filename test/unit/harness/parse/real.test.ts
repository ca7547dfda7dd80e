import { cpSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runStage } from '../../../../gym/harness/stage.ts';
import type { ResultFormat } from '../../../../gym/task/result-format.ts';
import { hostContext, stageOf } from '../support.ts';

const fixtures = fileURLToPath(new URL('../../../fixtures/results/', import.meta.url));

interface Tool {
  readonly program: string;
  readonly command: string;
  readonly format: ResultFormat;
  readonly path: string;
  /** The recorded sample, below test/fixtures/results: the same cases are to come, in any order. */
  readonly sample: string;
  /** Prints a version; one that is older writes something else. */
  readonly since?: { readonly version: string; readonly atLeast: number };
}

const tools: readonly Tool[] = [
  {
    program: 'node',
    command: 'node --test --test-reporter=tap',
    format: 'tap',
    path: '-',
    sample: 'node/cart.tap',
    since: { version: 'node --version', atLeast: 24 },
  },
  {
    program: 'vitest',
    command: 'vitest run --reporter=json --outputFile=out.json',
    format: 'vitest',
    path: 'out.json',
    sample: 'vitest/cart.json',
  },
  {
    program: 'jest',
    command: 'jest --json --outputFile=out.json --testPathIgnorePatterns=exits',
    format: 'jest',
    path: 'out.json',
    sample: 'jest/cart.json',
  },
  {
    program: 'playwright',
    command: 'PLAYWRIGHT_JSON_OUTPUT_NAME=out.json playwright test pass',
    format: 'playwright',
    path: 'out.json',
    sample: 'playwright/pass.json',
  },
  {
    program: 'pytest',
    command:
      'pytest -p no:cacheprovider --junit-xml=out.xml --continue-on-collection-errors --ignore tests/test_exits.py tests',
    format: 'pytest',
    path: 'out.xml',
    sample: 'pytest/cart.xml',
    since: { version: 'pytest --version', atLeast: 8 },
  },
  {
    program: 'go',
    command: 'GOFLAGS= GOPROXY=off go test -json -timeout 2s ./...',
    format: 'go',
    path: '-',
    sample: 'go/cart.ndjson',
    since: { version: 'go version', atLeast: 1.24 },
  },
  {
    program: 'cargo',
    command: 'RUST_BACKTRACE=0 cargo test --offline --no-fail-fast -- --test-threads=1 2>&1',
    format: 'cargo',
    path: '-',
    sample: 'cargo/cart.txt',
  },
  {
    program: 'rspec',
    command: 'rspec --format json --out out.json spec/cart_spec.rb',
    format: 'rspec',
    path: 'out.json',
    sample: 'rspec/cart.json',
  },
];

/** Whether a program is on the PATH. */
async function found(program: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(folder, program);
    if (
      await access(file, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return realpathSync(file);
  }
  return undefined;
}

/** A compiler that runs for the first time compiles its own library. */
const limitMs = 180_000;

test.for(tools)(
  '$program, run for real, has the cases of $sample',
  { timeout: limitMs },
  async ({ program, sample, ...tool }, context) => {
    const file = await found(program);
    context.skip(file === undefined, `${program} is not on the PATH`);
    const host = hostContext();
    cpSync(join(fixtures, sample, '../project'), host.hostDirectory, { recursive: true });
    const packages = /^.*?\/node_modules(?=\/)/.exec(file ?? '')?.[0];
    if (packages !== undefined) symlinkSync(packages, join(host.hostDirectory, 'node_modules'));
    context.skip(await isOlder(tool.since), `${program} is older than ${tool.since?.atLeast}`);
    // What vitest gives to its tests would tell the one in it that it is a worker.
    const command = `unset VITEST VITEST_MODE VITEST_POOL_ID VITEST_WORKER_ID NODE_ENV TEST NODE_TEST_CONTEXT; ${tool.command}`;
    const outcome = await runStage(stageOf({ command, results: { format: tool.format, path: tool.path } }), host);
    const expected = readFileSync(join(fixtures, `${sample}.cases.txt`), 'utf8')
      .trim()
      .split('\n');
    const cases = (outcome.cases ?? []).map(({ state, id }) => `${state} ${id}`);
    expect(cases.sort(), outcome.because).toEqual(expected.map((line) => line.replace(/ @.*| \| .*/, '')).sort());
  },
);

async function isOlder(since: Tool['since']): Promise<boolean> {
  if (since === undefined) return false;
  const host = hostContext();
  await runStage(stageOf({ command: since.version }), host);
  return Number(/\d+(?:\.\d+)?/.exec(readFileSync(host.logFile, 'utf8'))?.[0]) < since.atLeast;
}
