import type { Agent, AttemptOutcome, AttemptRequest } from '../../../gym/agent/agent.ts';
import { noUsage } from '../../../gym/agent/usage.ts';
import { runLoop } from '../../../gym/loop/loop.ts';
import type { LoopReport } from '../../../gym/loop/report.ts';
import type { LoopRequest } from '../../../gym/loop/request.ts';

/** Runs a loop; one that could not begin fails the test. */
export async function run(request: LoopRequest): Promise<LoopReport> {
  const report = await runLoop(request);
  if (!report.ok) throw new Error(JSON.stringify(report.problems));
  return report.value;
}

/** An agent of the test's own, which counts as one that is done when it says nothing else. */
export function agentOf(act: (request: AttemptRequest) => Partial<AttemptOutcome>): Agent {
  const done = { kind: 'claimed-done', usage: noUsage, session: null } as const;
  return { name: 'test', attempt: async (request) => ({ ...done, ...act(request) }) as AttemptOutcome };
}
