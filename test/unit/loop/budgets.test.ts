import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandAgent } from '../../../gym/agent/command.ts';
import { noUsage } from '../../../gym/agent/usage.ts';
import type { LoopRequest } from '../../../gym/loop/request.ts';
import { listMarked } from '../../../gym/store/processes.ts';
import { countDown, countingCheckout, countingLoop, judgeCount } from '../../support/counting.ts';

import { agentOf, run } from './running.ts';

test('the budget of attempts', async () => {
  using folder = countingCheckout(9);
  const report = await run(countingLoop(folder.path, { limits: { attempts: 2, minutes: 5, usd: null } }));
  expect(report).toMatchObject({ end: 'attempts', because: '2 of 2 attempts are made', exitCode: 5, resumable: false });
  expect(report.attempts).toHaveLength(3);
});

test('the budget of dollars, and what is left of it for the next attempt', async () => {
  using folder = countingCheckout(9);
  const left: (number | null)[] = [];
  const agent = agentOf(({ attempt, workspace, usdLeft }) => {
    left.push(usdLeft);
    writeFileSync(join(workspace, 'n.txt'), String(9 - attempt));
    return { usage: { ...noUsage, costUsd: 0.5, models: { m: { inputTokens: 10, outputTokens: 1 } } } };
  });
  const report = await run(countingLoop(folder.path, { agent, limits: { attempts: 8, minutes: 5, usd: 1.2 } }));
  expect(report).toMatchObject({ end: 'usd', because: '$1.50 of $1.2 are spent', exitCode: 5 });
  expect(left.map((usd) => usd?.toFixed(1))).toEqual(['1.2', '0.7', '0.2']);
  expect(report.usage).toMatchObject({ costUsd: 1.5, models: { m: { inputTokens: 30, outputTokens: 3 } } });
});

test('the budget of minutes ends an agent under way, keeps its work on the branch, and leaves no process', async () => {
  using folder = countingCheckout(9);
  const agent = commandAgent(`${countDown}; setsid sleep 50 & sleep 50`);
  const request = countingLoop(folder.path, { agent, limits: { attempts: 8, minutes: 1 / 20, usd: null } });
  const report = await run(request);
  expect(report).toMatchObject({ end: 'minutes', exitCode: 5, resumable: false });
  expect(report.attempts.at(-1)).toMatchObject({ attempt: 1, state: null, files: 1 });
  expect(folder.git('show', `${report.branch}:app/n.txt`)).toBe('8\n');
  expect(listMarked(`GYM_RUN_ID=${request.loop}`)).toEqual([]);
});

test('the budget of minutes ends a verification under way', async () => {
  using folder = countingCheckout(9);
  const verify: LoopRequest['verify'] = (request) => judgeCount(request, 20_000);
  const report = await run(countingLoop(folder.path, { verify, limits: { attempts: 8, minutes: 1 / 200, usd: null } }));
  expect(report).toMatchObject({ end: 'minutes', exitCode: 5 });
  expect(report.durationMs).toBeLessThan(5000);
});

test('three attempts without any change are enough', async () => {
  using folder = countingCheckout(2);
  const agent = commandAgent(`[ $GYM_ATTEMPT -gt 1 ] || { ${countDown}; }`);
  const report = await run(countingLoop(folder.path, { agent }));
  expect(report).toMatchObject({ end: 'stalled', exitCode: 5 });
  expect(report.attempts.map(({ files }) => files)).toEqual([null, 1, 0, 0, 0]);
});

test('a distance that changes without the workspace is no stall', async () => {
  using folder = countingCheckout(2);
  let distance = 9;
  const verify: LoopRequest['verify'] = async (request) => ({ ...(await judgeCount(request)), distance: distance-- });
  const report = await run(countingLoop(folder.path, { agent: commandAgent('true'), verify }));
  expect(report).toMatchObject({ end: 'attempts' });
});
