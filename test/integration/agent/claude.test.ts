import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import type { Agent } from '../../../gym/agent/agent.ts';
import { claudeAgent } from '../../../gym/agent/claude.ts';
import type { Event } from '../../../gym/events/event.ts';
import { runLoop } from '../../../gym/loop/loop.ts';
import { listMarked } from '../../../gym/store/processes.ts';
import { claudeCode, fetchProgram } from '../../support/agent-programs.ts';
import { attemptIn } from '../../support/attempt.ts';
import { countingCheckout, countingLoop } from '../../support/counting.ts';
import type { Turn } from '../../support/model-server/script.ts';
import { startModelServer } from '../../support/model-server/server.ts';
import { temporaryFolder } from '../../support/repository.ts';

const program = await fetchProgram(claudeCode);
const real = test.skipIf(program === undefined);
afterEach(() => vi.unstubAllEnvs());

const used = (inputTokens: number, cachedInputTokens: number, outputTokens: number) => ({
  usage: { inputTokens, cachedInputTokens, outputTokens },
});
const bash = (command: string) => ({ name: 'Bash', input: { command, description: 'count' } });

/** Claude Code with a home of its own, whose model says what the script says. */
async function scripted(home: string, script: readonly Turn[]) {
  const server = await startModelServer(script);
  mkdirSync(home, { recursive: true });
  vi.stubEnv('HOME', home);
  vi.stubEnv('CLAUDE_CONFIG_DIR', join(home, '.claude'));
  vi.stubEnv('ANTHROPIC_BASE_URL', server.url);
  vi.stubEnv('ANTHROPIC_API_KEY', 'key of the scripted model');
  vi.stubEnv('CLAUDE_CODE_MAX_RETRIES', '1');
  vi.stubEnv('GYM_CLAUDE', program ?? '');
  const chosen = claudeAgent(process.env);
  if (!chosen.ok) throw new Error(chosen.problems[0].message);
  const agent: Agent = chosen.value;
  return { agent, server, [Symbol.asyncDispose]: () => server.close() };
}

real('Claude Code works in a loop until it is done: edits, turns, tokens and cost of each attempt', async () => {
  using folder = countingCheckout(2);
  using home = temporaryFolder();
  const events: Event[] = [];
  const request = countingLoop(folder.path, { listeners: [(event) => events.push(event)], agentChoice: 'claude' });
  const file = join(request.store.directory, 'worktrees', request.loop, 'app/n.txt');
  await using claude = await scripted(home.path, [
    { text: 'I look at it.', call: { name: 'Read', input: { file_path: file } }, ...used(1000, 400, 7) },
    { call: { name: 'Edit', input: { file_path: file, old_string: '2', new_string: '1' } }, ...used(1100, 1000, 9) },
    { text: 'One less.', ...used(1200, 1100, 3) },
    { call: bash('echo 0 > n.txt; setsid sleep 60 >/dev/null 2>&1 & echo; ls /nowhere'), ...used(2000, 1200, 11) },
    { text: 'Done.', ...used(2200, 2000, 5) },
  ]);
  const report = await runLoop({ ...request, agent: claude.agent });
  if (!report.ok) throw new Error(report.problems[0].message);

  expect(report.value).toMatchObject({ end: 'done', exitCode: 0 });
  const [, first, second] = report.value.attempts;
  expect(first).toMatchObject({ state: 'fail', distance: 1, files: 1 });
  expect(first?.usage).toMatchObject({ inputTokens: 3300, cachedInputTokens: 2500, outputTokens: 19, turns: 3 });
  // The second attempt goes on in the same session, whose counts are cumulative: only what came on top is its own.
  expect(second).toMatchObject({ state: 'pass', distance: 0, files: 1 });
  expect(second?.usage).toMatchObject({ inputTokens: 4200, cachedInputTokens: 3200, outputTokens: 16, turns: 2 });
  expect(Object.values(second?.usage.models ?? {})).toEqual([{ inputTokens: 4200, outputTokens: 16 }]);
  expect(first?.usage.costUsd).toBeGreaterThan(0);
  expect(second?.usage.costUsd).toBeGreaterThan(0);
  const total = (first?.usage.costUsd ?? 0) + (second?.usage.costUsd ?? 0);
  expect(report.value.usage.costUsd).toBeCloseTo(total, 9);

  const acts = events.flatMap((event) => (event.type === 'agent.acted' ? [`${event.act} ${event.text}`] : []));
  expect(acts.slice(0, 4)).toEqual(['says I look at it.', 'reads n.txt', 'edits n.txt', 'says One less.']);
  expect(acts[4]).toMatch(/^runs echo 0 > n\.txt/);
  expect(acts.at(-1)).toBe('says Done.');
  expect(claude.server.requests).toHaveLength(5);
  const lastAsked = JSON.stringify(claude.server.requests[3]);
  expect(lastAsked).toContain('One less.');
  expect(lastAsked).toContain('Your last attempt was judged');
  expect(listMarked(`GYM_RUN_ID=${request.loop}`)).toEqual([]);
});

const failing = (status: number, message: string): Turn => ({ failure: { status, message }, ...used(1, 0, 1) });
real.each([
  ['a wrong key', failing(401, 'invalid x-api-key'), { kind: 'failed', retry: 'never' }],
  ['a rate limit', failing(429, 'slow down'), { kind: 'failed', retry: 'later' }],
  ['an overloaded server', failing(529, 'Overloaded'), { kind: 'failed', retry: 'later' }],
  [
    'a full context',
    failing(400, 'prompt is too long: 210000 tokens > 200000 maximum'),
    { kind: 'stopped', why: 'context', session: null },
  ],
])('%s, which the program reports as a success, is told apart', async (_, turn, outcome) => {
  using folder = temporaryFolder();
  await using claude = await scripted(
    join(folder.path, 'home'),
    Array.from({ length: 4 }, () => turn),
  );
  expect(await claude.agent.attempt(attemptIn(folder.path).request)).toMatchObject(outcome);
});

real('without a key it says how to log in', async () => {
  using folder = temporaryFolder();
  await using claude = await scripted(join(folder.path, 'home'), []);
  vi.stubEnv('ANTHROPIC_API_KEY', undefined);
  const outcome = await claude.agent.attempt(attemptIn(folder.path).request);
  const problem = { message: expect.stringContaining('Not logged in'), remedy: expect.stringContaining('log in') };
  expect(outcome).toMatchObject({ kind: 'failed', retry: 'never', problem });
});

real('its own budget ends an attempt, which is no failure', async () => {
  using folder = temporaryFolder();
  const turns = Array.from({ length: 9 }, () => ({ call: bash('date >> log'), ...used(900_000, 0, 9000) }));
  await using claude = await scripted(join(folder.path, 'home'), turns);
  const { request } = attemptIn(folder.path, { usdLeft: 0.5 });
  const outcome = await claude.agent.attempt(request);
  expect(outcome).toMatchObject({ kind: 'stopped', why: 'budget' });
  expect(outcome.usage.costUsd).toBeGreaterThan(0.5);
  expect(claude.server.requests.length).toBeLessThan(9);
});

real('aborting it ends its commands too, and what it used until then is known', async () => {
  using folder = temporaryFolder();
  const aborter = new AbortController();
  await using claude = await scripted(join(folder.path, 'home'), [
    { call: bash('echo begun > begun; tail -f /dev/null'), ...used(1000, 0, 7) },
  ]);
  const { request, events } = attemptIn(folder.path, {
    signal: aborter.signal,
    emit: (body) => {
      events.push(body);
      if (body.type === 'agent.acted' && body.act === 'runs') setTimeout(() => aborter.abort(), 500);
    },
  });
  const outcome = await claude.agent.attempt(request);
  expect(outcome).toMatchObject({ kind: 'aborted', usage: { inputTokens: 1000, outputTokens: 7 } });
  expect(readFileSync(join(request.workspace, 'begun'), 'utf8')).toBe('begun\n');
  expect(listMarked(`GYM_RUN_ID=${request.loop}`)).toEqual([]);
});
