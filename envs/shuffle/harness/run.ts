import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { runShuffle } from '../src/driver.ts';
import { knownOf } from './known.ts';
import { makeReport, type Report } from './report.ts';
import { jobFromEnvironment } from './settings.ts';

const DEADLINES = { readyMs: 10_000, runMs: 60_000 };

/** Where the report of the last shuffle is. */
export const REPORT_FILE = process.env['SHUFFLE_REPORT'] ?? '/results/report.json';

/**
 * Runs the shuffle that the environment asks for and writes its report. Throws `ShuffleFailed` when it does not
 * complete; there is no report then, neither a partial one nor that of an earlier run.
 */
export async function runAndReport(): Promise<Report> {
  rmSync(REPORT_FILE, { force: true });
  const spec = jobFromEnvironment(process.env);
  const started = performance.now();
  const workers = await runShuffle(spec, DEADLINES);
  const report = makeReport(spec, knownOf(spec), workers, Math.round(performance.now() - started));
  mkdirSync(dirname(REPORT_FILE), { recursive: true });
  writeFileSync(`${REPORT_FILE}.part`, `${JSON.stringify(report, null, 1)}\n`);
  renameSync(`${REPORT_FILE}.part`, REPORT_FILE);
  return report;
}
