import { setTimeout as sleep } from 'node:timers/promises';
import type { Death, Environment } from '../environment/environment.ts';
import { tailOf } from '../environment/log.ts';

/** The engine tells of a death a little after the processes that talked to the dead service notice. */
const noticeMs = 500;
const pollMs = 20;
/** Lines of a service's log that its crash quotes. */
const quotedLines = 10;

/**
 * Index of the first death that a stage that begins now is judged by. A service that had ended by itself is missing in every stage after it,
 * whenever that was noticed; but where one was killed before, others may have ended because of that.
 */
export function firstBlamed(deaths: readonly Death[]): number {
  return deaths.every(({ how }) => how === 'exited') ? 0 : deaths.length;
}

/** The deaths from index `first` on, as soon as there is one; none, when the engine tells of none for a while. */
export async function awaitDeaths(environment: Environment, first: number): Promise<readonly Death[]> {
  const deadline = performance.now() + noticeMs;
  while (environment.deaths().length === first && environment.services.length > 0 && performance.now() < deadline) {
    await sleep(pollMs);
  }
  return environment.deaths().slice(first);
}

/** The end of the log of the service that died first; empty: none died, or it printed nothing. */
export async function crashLines(environment: Environment, [death]: readonly Death[]): Promise<string> {
  if (death === undefined) return '';
  await environment.flushLogs();
  return (await tailOf(environment.logFile(death.service), quotedLines)).join('\n');
}
