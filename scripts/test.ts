// Runs the tests and closes with one line that says how many passed and failed. Arguments go on to vitest.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { TestCounts } from './test-counts.ts';

const folder = mkdtempSync(`${tmpdir()}/gym-counts-`);
const file = `${folder}/counts.json`;
// Vitest gets the Ctrl-C as well and winds up; the closing line waits for it.
process.on('SIGINT', () => {});
const exitCode = await runVitest(process.argv.slice(2));
const { passed, failed, skipped } = readCounts();
rmSync(folder, { recursive: true });
// A run that ended badly without saying why is a failure all the same.
const failures = failed === 0 && exitCode !== 0 ? 1 : failed;
console.log(`${passed} passed, ${failures} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failures > 0 || passed === 0 ? 1 : 0;

async function runVitest(args: readonly string[]): Promise<number> {
  const program = `${import.meta.dirname}/../node_modules/vitest/vitest.mjs`;
  const reporters = ['--reporter=default', `--reporter=${import.meta.dirname}/test-counts.ts`];
  const child = spawn(process.execPath, [program, 'run', ...reporters, ...args], {
    stdio: 'inherit',
    env: { ...process.env, GYM_TEST_COUNTS: file },
  });
  const [code] = await once(child, 'exit');
  return typeof code === 'number' ? code : 1;
}

function readCounts(): TestCounts {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}
