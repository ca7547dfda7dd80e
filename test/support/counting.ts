import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandAgent } from '../../gym/agent/command.ts';
import type { Verdict } from '../../gym/judge/verdict.ts';
import type { LoopRequest } from '../../gym/loop/request.ts';
import { openHistory } from '../../gym/store/history.ts';
import { openStore } from '../../gym/store/store.ts';
import type { VerifyRequest } from '../../gym/verify/request.ts';
import { type TemporaryFolder, taskIn, temporaryFolder } from './repository.ts';

/** The work of an agent on the counting task that must be done exactly once an attempt. */
export const countDown = 'n=$(cat n.txt); echo $((n - 1)) > n.txt';

/** A checkout with a task that is done when its `n.txt` says 0. */
export function countingCheckout(n: number): TemporaryFolder {
  const folder = temporaryFolder();
  folder.git('init', '-q', '-b', 'main');
  folder.write('app/n.txt', `${n}\n`);
  folder.write('app/TASK.md', 'Make n.txt say 0.\n');
  folder.git('add', '-A');
  folder.git('commit', '-qm', 'first');
  return folder;
}

/** A judge that reads `n.txt`: 0 passes, another number is the distance, no number cannot be judged. As the real one it links what it says. */
export async function judgeCount(request: VerifyRequest, delayMs = 0): Promise<Verdict> {
  const { task, workspace, run, signal, history, loop = null } = request;
  await sleep(delayMs, undefined, { signal }).catch(() => undefined);
  const n = Number.parseInt(readFileSync(join(workspace, 'n.txt'), 'utf8'), 10);
  const isKnown = Number.isFinite(n) && !signal.aborted;
  const state = !isKnown ? 'unknown' : n === 0 ? 'pass' : 'fail';
  const row = { run, kind: 'verify', task: task.name, state, distance: null, exitCode: null, headline: '' } as const;
  history.end({ ...row, startedAt: 0, durationMs: 0, loop }, {});
  return {
    ...{
      schema: 'gym.verdict/1',
      run,
      task: task.name,
      state,
      headline: `n is ${n}`,
      startedAt: 0,
      durationMs: delayMs,
    },
    exitCode: { unknown: 3, pass: 0, fail: 1 }[state],
    distance: isKnown ? n : null,
    ...{ workspace: { root: workspace, hash: '', definition: '', restored: [] }, stages: [], checks: [], problems: [] },
  };
}

/** A loop on the counting task in `checkout`, run by a command. */
export function countingLoop(checkout: string, overrides: Partial<LoopRequest> = {}): LoopRequest {
  const store = openStore(checkout);
  return {
    task: taskIn(join(checkout, 'app')),
    agent: commandAgent(countDown),
    agentChoice: `command:${countDown}`,
    limits: { attempts: 8, minutes: 5, usd: null },
    store,
    history: openHistory(store),
    environmentVariables: {},
    // The marker of its processes, so tests side by side must not share it.
    loop: basename(checkout),
    listeners: [],
    signal: new AbortController().signal,
    verify: judgeCount,
    describe: ({ headline }) => headline,
    wait: async () => {},
    ...overrides,
  };
}
