import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { openEventLog } from '../events/log.ts';
import type { Verdict } from '../judge/verdict.ts';
import type { History } from '../store/history.ts';
import { leaveRow } from '../store/late-rows.ts';
import { endRun, verdictName } from '../store/run-files.ts';
import type { FoundWhole } from './known.ts';
import type { VerifyRequest } from './request.ts';

/** What a run that is taken over as a whole is written with. */
export type AgainRequest = Pick<VerifyRequest, 'store' | 'run' | 'listeners'> & {
  readonly taskFile: string;
  readonly startedAt: number;
};

/** A run in which nothing ran: its verdict is that of an earlier one, whose folder has the evidence. */
export function sameAgain(request: AgainRequest, { run: from, keys, verdict: earlier }: FoundWhole): Verdict {
  const { store, run, listeners, taskFile, startedAt } = request;
  const runDirectory = store.makeRunDirectory(run);
  const log = openEventLog(join(runDirectory, 'events.ndjson'), run, listeners);
  const { task, workspace, state, exitCode, distance } = earlier;
  const isKept = (file: string): boolean => existsSync(join(store.runDirectory(from), file));
  const there = (file: string): string => (isKept(file) ? posix.join('..', from, file) : file);
  const verdict = takenOver(earlier, { from, keys, there, own: { run, startedAt } });
  const { stages, checks, headline } = verdict;
  log.emit({
    type: 'run.started',
    ...{ task, taskFile, workspace: workspace.root, pid: process.pid },
    stages: stages.map(({ stage }) => stage),
    checks: checks.map(({ name }) => name),
  });
  for (const { stage, cases, because, cached, ...rest } of stages) {
    const { state: stageState, exitCode: code, durationMs } = rest;
    const cachedFrom = cached?.run ?? from;
    log.emit({
      type: 'stage.finished',
      stage,
      state: stageState,
      because,
      cases,
      exitCode: code,
      durationMs,
      cachedFrom,
    });
  }
  for (const { name, kind, severity, state: judged, because, distance: far } of checks) {
    log.emit({ type: 'check.judged', check: name, kind, severity, state: judged, because, distance: far });
  }
  const durationMs = Date.now() - startedAt;
  const verdictFile = join(runDirectory, verdictName);
  const whole = { ...verdict, durationMs };
  const row = {
    ...{ run, kind: 'verify' as const, task, state, distance, exitCode, headline },
    ...{ startedAt, durationMs, loop: null },
  };
  const later: Pick<History, 'end'> = { end: (ended, files) => leaveRow(store, { row: ended, files: { ...files } }) };
  endRun(later, runDirectory, row, `${JSON.stringify(whole, null, 1)}\n`);
  log.emit({ type: 'run.finished', state, exitCode, durationMs, verdictFile });
  log.close();
  return whole;
}

/** What the headline said of some of the stages. */
const ofSome = /; \d+ of \d+ stages cached from run [^;]*$/;

interface Taking {
  readonly from: string;
  readonly keys: Readonly<Record<string, string>>;
  /** Where a file of the earlier run is, seen from the new one's folder. */
  readonly there: (file: string) => string;
  readonly own: { readonly run: string; readonly startedAt: number };
}

function takenOver({ change: _, ...earlier }: Verdict, { from, keys, there, own }: Taking): Verdict {
  const isSaid = earlier.stages.every(({ cached }) => cached !== undefined);
  return {
    ...earlier,
    ...own,
    headline: isSaid ? earlier.headline : `${earlier.headline.replace(ofSome, '')}; cached from run ${from}`,
    stages: earlier.stages.map((stage) => ({
      ...stage,
      log: stage.log === null ? null : there(stage.log),
      cached: stage.cached ?? { run: from, key: keys[stage.stage] ?? '' },
    })),
    checks: earlier.checks.map((check) => ({
      ...check,
      evidence: check.evidence.map(({ what, place: { file, ...place } }) => ({
        what,
        place: file === undefined ? place : { ...place, file: there(file) },
      })),
    })),
  };
}
