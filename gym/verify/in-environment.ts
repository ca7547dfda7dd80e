import { randomUUID } from 'node:crypto';
import type { Environment } from '../environment/environment.ts';
import { noEnvironment } from '../environment/none.ts';
import type { Result } from '../events/problem.ts';
import type { HeldOut } from '../task/held-out.ts';
import { expecting } from './disturb.ts';
import { allGreen, type Findings, note, phase, type Way } from './findings.ts';
import { judgeIn } from './judge-run.ts';
import type { VerifyRequest } from './request.ts';
import { noPlan } from './reuse.ts';
import { apart, needsEnvironment, planOf, stageRunner } from './run-stages.ts';

/**
 * Runs the stages that are not taken from an earlier run, reads their evidence, measures the targets, and judges all of it; or, for a canary, tries
 * the build beside the baseline's once the stages have passed. The environment comes up before the first stage that needs it.
 *
 *     stages that need none ---> up -> all others -> evidence -> [baseline, targets] -> judge -> keep -> down
 *          |                          '- a service crashes: they fail ---^
 *          '--- all is known, or one did not pass ----^
 */
export async function runAndJudge(
  request: VerifyRequest,
  way: Way,
  findings: Findings,
  bringUp: () => Promise<Result<Environment>>,
  heldOut?: HeldOut,
): Promise<void> {
  const { emit } = way;
  const nonce = randomUUID();
  // What is held out needs the environment in any case, and is never cached.
  const plan = heldOut === undefined ? await planOf(request, way, nonce) : noPlan(request.task);
  findings.plan = plan;
  const runner = stageRunner(request, way, findings, { plan, nonce });
  const { first, others } = apart(request, plan);
  const ended = { request, way, findings, plan, nonce, reader: runner.reader, heldOut };
  if (first.length > 0) await phase('stages', emit, () => runner.run(first));
  if (request.signal.aborted) return;
  const isNeeded = heldOut !== undefined || needsEnvironment(request, plan, others);
  if (!isNeeded || (!allGreen(findings) && request.keepGoing !== true)) {
    await phase('stages', emit, () => runner.runIn(noEnvironment, others));
    return judgeIn(noEnvironment, ended);
  }
  const brought = await phase('up', emit, bringUp);
  if (!brought.ok) {
    note(findings, emit, brought.problems);
    const [{ kind, message }] = brought.problems;
    if (kind !== 'crash' || others.length === 0) return;
    await phase('stages', emit, () => runner.failIn(others, message.split('\n', 1)[0] ?? message));
    return judgeIn(noEnvironment, ended);
  }
  try {
    const disturbance = request.fault?.during;
    const environment = disturbance === undefined ? brought.value : expecting(brought.value, disturbance);
    await phase('stages', emit, () => runner.runIn(environment, others));
    await judgeIn(environment, ended);
  } finally {
    const down = await phase('down', emit, () => brought.value.down());
    // All that is judged has been read by now, so this changes no verdict.
    if (!down.ok) for (const { message } of down.problems) emit({ type: 'noted', text: `left behind: ${message}` });
  }
}
