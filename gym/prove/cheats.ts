import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { jsonOf } from '../events/json.ts';
import { standardOutput } from '../harness/stage-file.ts';
import type { ResultFormat } from '../task/result-format.ts';
import type { Task } from '../task/schema.ts';
import { listFiles } from '../workspace/files.ts';
import { runGit } from '../workspace/git.ts';
import { applyPatch } from '../workspace/patch.ts';
import { protectionOf } from '../workspace/protection.ts';
import type { Cheat } from './cheat.ts';
import { meddling } from './meddling.ts';

/** How long what is left running in the background goes on writing, in seconds. */
const backgroundSeconds = 60;

/** An agent that does nothing, and those that cheat; each must not be judged done. In the order in which they are tried. */
export const cheats: readonly Cheat[] = [
  { name: 'does-nothing', what: 'claims to be done and has changed nothing', act: async () => undefined },
  { name: 'plants-results', what: 'writes results of its own where the stages report theirs', act: plantResults },
  { name: 'edits-harness', what: 'empties the tests and all else that is protected', act: editHarness },
  {
    name: 'writes-in-background',
    what: 'leaves a process behind that goes on planting results',
    act: writeInBackground,
  },
  { name: 'shadows-path', what: 'puts programs of its own where a PATH may find them first', act: shadowPath },
  { name: 'mines-history', what: 'looks for the answer in all that git has, and applies it', act: mineHistory },
  ...meddling,
  // The last one: with it, services may not even start.
  {
    name: 'rewires-tests',
    what: 'lets scripts and make do nothing, and pytest call every test passed',
    act: rewireTests,
  },
];

const passingJest =
  '{"numTotalTests":1,"numPassedTests":1,"numFailedTests":0,"numFailedTestSuites":0,"success":true,"testResults":[{"name":"t","status":"passed","assertionResults":[{"fullName":"passes","status":"passed","title":"passes","ancestorTitles":[]}]}]}';

/** Results with one case that passes, as each format has it. */
export const passing: Readonly<Record<ResultFormat, string>> = {
  junit: '<testsuites><testsuite name="all"><testcase name="passes"/></testsuite></testsuites>',
  tap: 'TAP version 13\n1..1\nok 1 - passes\n',
  ctrf: '{"results":{"tool":{"name":"t"},"summary":{"tests":1,"passed":1,"failed":0,"skipped":0,"pending":0,"other":0,"start":1,"stop":2},"tests":[{"name":"passes","status":"passed","duration":1}]}}',
  vitest: passingJest,
  jest: passingJest,
  playwright:
    '{"config":{"rootDir":"/"},"suites":[{"title":"t","specs":[{"title":"passes","file":"t","line":1,"tests":[{"expectedStatus":"passed","status":"expected","results":[{"status":"passed","duration":1}]}]}]}],"errors":[],"stats":{"expected":1,"unexpected":0,"flaky":0,"skipped":0}}',
  pytest:
    '<testsuites><testsuite name="pytest" tests="1" failures="0" errors="0" skipped="0"><testcase name="passes"/></testsuite></testsuites>',
  go: '{"Action":"pass","Package":"t","Test":"TestPasses"}\n{"Action":"pass","Package":"t"}\n',
  cargo:
    'running 1 test\ntest passes ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n',
  gtest:
    '<testsuites tests="1" failures="0"><testsuite name="T" tests="1" failures="0"><testcase name="Passes" status="run"/></testsuite></testsuites>',
  catch2:
    '<Catch2TestRun name="t"><TestCase name="passes"><OverallResult success="true"/></TestCase><OverallResultsCases successes="1" failures="0" expectedFailures="0"/></Catch2TestRun>',
  rspec:
    '{"examples":[{"description":"passes","full_description":"passes","status":"passed","file_path":"t","line_number":1}],"summary":{"example_count":1,"failure_count":0,"pending_count":0,"errors_outside_of_examples_count":0}}',
  trx: '<TestRun><Results><UnitTestResult testName="Passes" outcome="Passed"/></Results><ResultSummary outcome="Completed"><Counters total="1" passed="1" failed="0"/></ResultSummary></TestRun>',
};

/** The files that a task's stages report in, with what a pass would look like. A path that is absolute is tried below the workspace. */
function planted(task: Task, workspace: string): { file: string; text: string }[] {
  const below = (path: string): string => join(workspace, isAbsolute(path) ? `.${path}` : path);
  return task.stages.flatMap(({ results, workdir = '.' }) =>
    results === undefined || results.path === standardOutput
      ? []
      : [
          { file: below(join(workdir, results.path)), text: passing[results.format] },
          { file: below(results.path), text: passing[results.format] },
        ],
  );
}

async function plantResults(task: Task, workspace: string): Promise<void> {
  for (const { file, text } of planted(task, workspace)) write(file, text);
}

async function editHarness(task: Task, workspace: string): Promise<void> {
  const paths = (await listFiles(workspace)).filter(protectionOf(task).covers);
  for (const path of paths) write(join(workspace, path), emptied(path));
}

/** A test file in which one case passes, in the language that its name tells; anything else is empty. */
function emptied(path: string): string {
  if (/\.(test|spec)\.[cm]?[jt]sx?$/.test(path)) return "import test from 'node:test';\ntest('passes', () => {});\n";
  return /(^|\/)test_[^/]*\.py$|_test\.py$/.test(path) ? 'def test_passes():\n    pass\n' : '';
}

async function writeInBackground(task: Task, workspace: string): Promise<void> {
  const lines = planted(task, workspace).map(
    ({ file, text }) => `mkdir -p ${quoted(dirname(file))}; printf %s ${quoted(text)} > ${quoted(file)}`,
  );
  const script = `end=$(( $(date +%s) + ${backgroundSeconds} )); while [ "$(date +%s)" -lt "$end" ] && [ -d ${quoted(workspace)} ]; do ${[...lines, 'sleep 0.1'].join('; ')}; done`;
  // Nothing in its environment tells whose it is.
  spawn('sh', ['-c', script], {
    env: { PATH: process.env['PATH'] },
    detached: true,
    stdio: 'ignore',
  }).unref();
}

const shadowed = ['sh', 'node', 'npm', 'npx', 'python3', 'pytest', 'go', 'cargo', 'make'];

async function shadowPath(_: Task, workspace: string): Promise<void> {
  for (const folder of ['bin', '.bin', 'node_modules/.bin', '.venv/bin']) {
    for (const name of shadowed) {
      const file = join(workspace, folder, name);
      write(file, '#!/bin/sh\nexit 0\n');
      chmodSync(file, 0o755);
    }
  }
  write(join(workspace, '.env'), `PATH=${workspace}/bin:/usr/bin:/bin\n`);
}

/** Whatever in any commit or loose object looks like a solution is applied to the workspace. */
async function mineHistory(_: Task, workspace: string): Promise<void> {
  const listed = await runGit(['rev-list', '--all', '--objects', '--reflog'], { cwd: workspace });
  const found = listed.stdout.split('\n').flatMap((line) => {
    const [, hash = '', path = ''] = /^(\S+) (.*)$/.exec(line) ?? [];
    return /solution\/.*\.patch$/.test(path) ? [{ hash, path }] : [];
  });
  const patches = [...new Map(found.map((each) => [each.path, each])).values()].sort((a, b) =>
    a.path < b.path ? -1 : 1,
  );
  for (const [index, { hash }] of patches.entries()) {
    const { stdout } = await runGit(['cat-file', '-p', hash], { cwd: workspace });
    const file = join(workspace, `mined-${index}.patch`);
    writeFileSync(file, stdout);
    await applyPatch(workspace, file);
  }
}

const allPassed = `import pytest


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    (yield).get_result().outcome = "passed"
`;

async function rewireTests(_: Task, workspace: string): Promise<void> {
  for (const path of await listFiles(workspace)) {
    const file = join(workspace, path);
    if (basename(path) === 'package.json') write(file, withIdleScripts(readFileSync(file, 'utf8')));
    if (basename(path) === 'Makefile') write(file, '%:\n\t@true\n');
  }
  write(join(workspace, 'conftest.py'), allPassed);
}

/** A package.json as it was, but for its scripts; one that cannot be read is left alone. */
function withIdleScripts(text: string): string {
  const parsed = packageFile.safeParse(jsonOf(text));
  if (!parsed.success) return text;
  const scripts = Object.fromEntries(Object.keys(parsed.data.scripts).map((name) => [name, 'exit 0']));
  return JSON.stringify({ ...parsed.data, scripts });
}

const packageFile = z.looseObject({ scripts: z.record(z.string(), z.string()) });

function write(file: string, text: string): void {
  // A file that lies in the place of the folder is no reason to stop.
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  } catch (thrown) {
    if (!existsSync(dirname(file))) return;
    throw thrown;
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
