// Runs the tests and closes with one line that says how many passed and failed. Arguments go on to vitest.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { z } from 'zod';

const Summary = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) })),
});

const folder = await mkdtemp(`${tmpdir()}/gym-test-`);
const file = `${folder}/result.json`;
// Vitest gets the Ctrl-C as well and winds up; the closing line waits for it.
process.on('SIGINT', () => {});
const exitCode = await runVitest(file, process.argv.slice(2));
const summary = await readFile(file, 'utf8').then(
  (text) => Summary.parse(JSON.parse(text)),
  () => undefined,
);
await rm(folder, { recursive: true });
const { passed, failed, skipped } = count(summary, exitCode);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

async function runVitest(outputFile: string, args: readonly string[]): Promise<number> {
  const program = createRequire(import.meta.url).resolve('vitest/vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${outputFile}`];
  const child = spawn(process.execPath, [program, 'run', ...reporters, ...args], { stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  return typeof code === 'number' ? code : 1;
}

/** A file that could not be loaded has no tests, and an error outside every test shows in the exit code only: each counts as one failure. */
function count(result: z.infer<typeof Summary> | undefined, code: number) {
  const broken = (result?.testResults ?? []).filter(
    (one) => one.status === 'failed' && one.assertionResults.every((test) => test.status !== 'failed'),
  ).length;
  const told = (result?.numFailedTests ?? 0) + broken;
  return {
    passed: result?.numPassedTests ?? 0,
    failed: told === 0 && code !== 0 ? 1 : told,
    skipped: (result?.numPendingTests ?? 0) + (result?.numTodoTests ?? 0),
  };
}
