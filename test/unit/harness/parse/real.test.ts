import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runStage } from '../../../../gym/harness/stage.ts';
import type { ResultFormat } from '../../../../gym/task/result-format.ts';
import { fetchProgram, type Program } from '../../../support/agent-programs.ts';
import { hostContext, stageOf } from '../support.ts';
import { caseLine, recordedCases } from './tools.ts';

// Tools that npm has. Others are run by test/integration/harness/tools.test.ts.

const fixtures = fileURLToPath(new URL('../../../fixtures/results/', import.meta.url));

/** The folder of packages that a tool from npm is in. */
async function packagesOf(program: Program): Promise<string> {
  const file = await fetchProgram(program);
  if (file === undefined) throw new Error(`npm does not give ${program.package} ${program.version}`);
  return file.slice(0, file.indexOf('/node_modules/') + '/node_modules'.length);
}

const own = fileURLToPath(new URL('../../../../node_modules', import.meta.url));
const [jest, playwright] = await Promise.all([
  packagesOf({
    name: 'jest',
    version: '30.5.2',
    package: 'jest',
    beside: 'jest-ctrf-json-reporter@0.0.11',
    file: 'node_modules/.bin/jest',
  }),
  packagesOf({
    name: 'playwright',
    version: '1.65.1',
    package: '@playwright/test',
    file: 'node_modules/.bin/playwright',
  }),
]);

interface Tool {
  readonly command: string;
  readonly format: ResultFormat;
  readonly path: string;
  /** Recorded by the same version, below test/fixtures/results: the same cases are to come, in any order. */
  readonly sample: string;
  readonly packages: string;
}

const tools: readonly Tool[] = [
  {
    command: 'node --test --test-reporter=tap',
    format: 'tap',
    path: '-',
    sample: 'node/cart.tap',
    packages: own,
  },
  {
    command: 'node --test --test-reporter=junit',
    format: 'junit',
    path: '-',
    sample: 'node/cart.junit.xml',
    packages: own,
  },
  {
    command: 'vitest run --reporter=json --outputFile=out.json',
    format: 'vitest',
    path: 'out.json',
    sample: 'vitest/cart.json',
    packages: own,
  },
  {
    command: 'vitest run --reporter=junit --outputFile=out.xml',
    format: 'junit',
    path: 'out.xml',
    sample: 'vitest/cart.junit.xml',
    packages: own,
  },
  {
    command: 'jest --json --outputFile=out.json --testPathIgnorePatterns=exits',
    format: 'jest',
    path: 'out.json',
    sample: 'jest/cart.json',
    packages: jest,
  },
  {
    command: 'jest --reporters=jest-ctrf-json-reporter --testPathIgnorePatterns=exits',
    format: 'ctrf',
    path: 'ctrf/ctrf-report.json',
    sample: 'jest/cart.ctrf.json',
    packages: jest,
  },
  {
    command: 'PLAYWRIGHT_JSON_OUTPUT_NAME=out.json playwright test cart --max-failures=1',
    format: 'playwright',
    path: 'out.json',
    sample: 'playwright/max.json',
    packages: playwright,
  },
];

test.for(tools)('run for real, a tool has the cases of $sample', async ({ sample, packages, ...tool }) => {
  const host = hostContext();
  cpSync(join(fixtures, sample, '../project'), host.hostDirectory, { recursive: true });
  symlinkSync(packages, join(host.hostDirectory, 'node_modules'));
  // What vitest gives to its tests would tell the one in it that it is a worker.
  const command = `unset VITEST VITEST_MODE VITEST_POOL_ID VITEST_WORKER_ID NODE_ENV TEST NODE_TEST_CONTEXT
    export PATH="$PWD/node_modules/.bin:${own}/.bin:$PATH"
    ${tool.command}`;
  const outcome = await runStage(stageOf({ command, results: { format: tool.format, path: tool.path } }), host);
  expect((outcome.cases ?? []).map(caseLine).sort(), outcome.because).toEqual(recordedCases(sample));
});
