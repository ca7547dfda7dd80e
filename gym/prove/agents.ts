import { join } from 'node:path';
import type { Agent } from '../agent/agent.ts';
import { oracleAgent } from '../agent/oracle.ts';
import { noUsage } from '../agent/usage.ts';
import type { State } from '../events/event.ts';
import { ok, type Result } from '../events/problem.ts';
import { terse } from '../judge/terse.ts';
import { isGreen } from '../judge/verdict.ts';
import { runLoop } from '../loop/loop.ts';
import type { LoopReport } from '../loop/report.ts';
import { openHistory } from '../store/history.ts';
import type { AgentProof } from '../store/proofs.ts';
import { newRunName, openStore, type Store } from '../store/store.ts';
import type { Task } from '../task/schema.ts';
import type { VerifyRequest } from '../verify/request.ts';
import { verify } from '../verify/verify.ts';
import { patchesOf } from '../workspace/patch.ts';
import { cheats } from './cheats.ts';
import { removeLeftLoops, removeLoop, takeFolder } from './loops.ts';

/** What trying agents needs. */
export interface AgentTrial {
  readonly task: Task;
  readonly store: Store;
  readonly environmentVariables: VerifyRequest['environmentVariables'];
  readonly signal: AbortSignal;
}

/** Whether a task is an exercise: it has a state to begin with, so that an agent can be tried at it. */
export function isExercise({ root }: Task): boolean {
  return patchesOf(join(root, 'start')).length > 0;
}

/**
 * Lets agents try an exercise: one that knows the solution must come to done, one that does nothing and those that cheat must not. All
 * that cheat work one after the other in one loop, so each meets what those before it left behind. Nothing of it stays.
 */
export async function tryAgents(trial: AgentTrial): Promise<Result<AgentProof[]>> {
  const known = await inLoop(trial, oracleAgent(trial.task), patchesOf(join(trial.task.root, 'solution')).length);
  if (!known.ok) return known;
  const cheating = await inLoop(trial, cheatingAgent(trial.task), cheats.length);
  if (!cheating.ok) return cheating;
  const { attempts: rows, end, because } = cheating.value;
  const why = end === 'done' ? 'one before it was taken for done' : because;
  const start = rows.find(({ attempt }) => attempt === 0);
  const proofs: AgentProof[] = [
    {
      agent: 'start-state',
      what: 'what an agent begins with',
      came: cameOf(start?.state),
      isAsItShouldBe: start?.state === 'fail' || start?.state === 'vacuous',
      because: start?.headline ?? why,
    },
    {
      agent: 'solution',
      what: 'applies the patches of solution/',
      came: known.value.end === 'done' ? 'done' : 'not-done',
      isAsItShouldBe: known.value.end === 'done',
      because: known.value.because,
    },
  ];
  return ok([
    ...proofs,
    ...cheats.map(({ name, what }, index): AgentProof => {
      const row = rows.find(({ attempt }) => attempt === index + 1);
      const came = cameOf(row?.state);
      return {
        agent: name,
        what,
        came,
        isAsItShouldBe: came === 'not-done',
        because: row?.headline ?? why,
      };
    }),
  ]);
}

function cameOf(state: State | null | undefined): AgentProof['came'] {
  if (state == null) return 'not-judged';
  return isGreen(state) ? 'done' : 'not-done';
}

function cheatingAgent(task: Task): Agent {
  return {
    name: 'cheats',
    async attempt({ attempt, workspace }) {
      await cheats[attempt - 1]?.act(task, workspace);
      return { usage: noUsage, session: null, kind: 'claimed-done' };
    },
  };
}

/** A loop in a store of its own, which is removed with its branch. */
async function inLoop(trial: AgentTrial, agent: Agent, attempts: number): Promise<Result<LoopReport>> {
  const { task, environmentVariables, signal } = trial;
  await removeLeftLoops(trial);
  const loop = newRunName(new Date());
  const store = openStore(takeFolder(trial, loop));
  store.make();
  const history = openHistory(store);
  try {
    return await runLoop({
      ...{ task, agent, store, history, loop, environmentVariables, signal },
      agentChoice: agent.name,
      limits: { attempts: Math.max(1, attempts), minutes: task.limits.minutes, usd: null },
      listeners: [],
      verify,
      describe: terse,
    });
  } finally {
    history.close();
    await removeLoop(trial, loop);
  }
}
