import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from '../environment/environment.ts';

const lookMs = 50;
/** The engine tells of what belongs to a death (another one, a lack of memory) a little later. */
const togetherMs = 200;
const pingEveryMs = 2_000;
/** A busy engine takes its time for a ping; a stopped one never answers. */
const pingLimitMs = 8_000;

/**
 * Waits until a stage cannot be judged by its command any more: a service died since `deathsBefore`, or the engine does not answer. Gives
 * why, in words; `undefined`: `over` came first.
 */
export async function awaitLoss(
  environment: Environment,
  deathsBefore: number,
  over: AbortSignal,
): Promise<string | undefined> {
  let answers: Promise<boolean> | undefined;
  let silent = false;
  let pingAt = performance.now() + pingEveryMs;
  while (!over.aborted) {
    await sleep(lookMs, undefined, { signal: over }).catch(() => undefined);
    const died = environment.deaths().at(deathsBefore);
    if (died !== undefined) {
      await sleep(togetherMs);
      return `service ${died.service} ended`;
    }
    if (silent) return 'the Docker engine stopped answering';
    if (answers !== undefined || performance.now() < pingAt) continue;
    answers = environment.engineAnswers(pingLimitMs);
    answers.then((isThere) => {
      silent = !isThere;
      answers = undefined;
      pingAt = performance.now() + pingEveryMs;
    });
  }
  return undefined;
}
