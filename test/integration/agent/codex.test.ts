import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { codexAgent } from '../../../gym/agent/codex.ts';
import type { Event } from '../../../gym/events/event.ts';
import { runLoop } from '../../../gym/loop/loop.ts';
import { listMarked } from '../../../gym/store/processes.ts';
import { codex as codexProgram, fetchProgram } from '../../support/agent-programs.ts';
import { attemptIn } from '../../support/attempt.ts';
import { countingCheckout, countingLoop } from '../../support/counting.ts';
import type { Turn } from '../../support/model-server/script.ts';
import { startModelServer } from '../../support/model-server/server.ts';
import { temporaryFolder } from '../../support/repository.ts';

const program = await fetchProgram(codexProgram);
const real = test.skipIf(program === undefined);
afterEach(() => vi.unstubAllEnvs());

const used = (inputTokens: number, cachedInputTokens: number, outputTokens: number) => ({
  usage: { inputTokens, cachedInputTokens, outputTokens },
});
const shell = (cmd: string) => ({ name: 'exec_command', input: { cmd, yield_time_ms: 30_000 } });

/** Codex with a home of its own, whose model says what the script says. */
async function scripted(home: string, script: readonly Turn[]) {
  const server = await startModelServer(script);
  mkdirSync(join(home, '.codex'), { recursive: true });
  const provider = `name = "scripted"\nbase_url = "${server.url}/v1"\nwire_api = "responses"\nenv_key = "CODEX_API_KEY"`;
  const retries = 'supports_websockets = false\nrequest_max_retries = 1\nstream_max_retries = 1';
  const config = `model = "scripted"\nmodel_provider = "scripted"\n[model_providers.scripted]\n${provider}\n${retries}\n`;
  writeFileSync(join(home, '.codex/config.toml'), config);
  vi.stubEnv('HOME', home);
  vi.stubEnv('CODEX_HOME', join(home, '.codex'));
  vi.stubEnv('CODEX_API_KEY', 'key of the scripted model');
  vi.stubEnv('GYM_CODEX', program ?? '');
  const chosen = codexAgent(process.env);
  if (!chosen.ok) throw new Error(chosen.problems[0].message);
  return { agent: chosen.value, server, [Symbol.asyncDispose]: () => server.close() };
}

real('Codex works in a loop until it is done: commands and tokens of each attempt', async () => {
  using folder = countingCheckout(2);
  using home = temporaryFolder();
  const events: Event[] = [];
  const request = countingLoop(folder.path, { listeners: [(event) => events.push(event)], agentChoice: 'codex' });
  await using codex = await scripted(home.path, [
    { text: 'I count.', call: shell('echo 1 > n.txt'), ...used(1000, 400, 7) },
    { text: 'One less.', ...used(1200, 1000, 3) },
    { call: shell('echo 0 > n.txt; setsid sleep 60 >/dev/null 2>&1 & exit 3'), ...used(2000, 1200, 11) },
    { text: 'Done.', ...used(2200, 2000, 5) },
  ]);
  const report = await runLoop({ ...request, agent: codex.agent });
  if (!report.ok) throw new Error(report.problems[0].message);

  expect(report.value).toMatchObject({ end: 'done', exitCode: 0 });
  const [, first, second] = report.value.attempts;
  expect(first).toMatchObject({ state: 'fail', distance: 1, files: 1 });
  expect(first?.usage).toEqual({
    ...{ inputTokens: 2200, cachedInputTokens: 1400, outputTokens: 10, costUsd: null, turns: null },
    models: { codex: { inputTokens: 2200, outputTokens: 10 } },
  });
  // The second attempt goes on in the same thread, whose counts are cumulative: only what came on top is its own.
  expect(second).toMatchObject({ state: 'pass', distance: 0, files: 1 });
  expect(second?.usage).toMatchObject({ inputTokens: 4200, cachedInputTokens: 3200, outputTokens: 16 });

  const acts = events.flatMap((event) => (event.type === 'agent.acted' ? [`${event.act} ${event.text}`] : []));
  expect(acts).toEqual([
    'says I count.',
    expect.stringMatching(/^runs .*echo 1 > n\.txt/),
    'says One less.',
    expect.stringMatching(/^runs .*echo 0 > n\.txt/),
    'fails exit 3',
    'says Done.',
  ]);
  expect(JSON.stringify(codex.server.requests[2])).toContain('One less.');
  expect(listMarked(`GYM_RUN_ID=${request.loop}`)).toEqual([]);
});

const failing = (status: number, message: string): Turn => ({ failure: { status, message }, ...used(1, 0, 1) });
real.each([
  ['a wrong key', failing(401, 'invalid x-api-key'), { kind: 'failed', retry: 'never' }],
  ['a rate limit', failing(429, 'slow down'), { kind: 'failed', retry: 'later' }],
  ['a server that fails', failing(503, 'Overloaded'), { kind: 'failed', retry: 'later' }],
  [
    'a full context',
    failing(400, 'prompt is too long: 210000 tokens > 200000 maximum'),
    { kind: 'stopped', why: 'context' },
  ],
])('%s is told apart', async (_, turn, outcome) => {
  using folder = temporaryFolder();
  await using codex = await scripted(
    join(folder.path, 'home'),
    Array.from({ length: 9 }, () => turn),
  );
  expect(await codex.agent.attempt(attemptIn(folder.path).request)).toMatchObject(outcome);
});

real('aborting it ends its commands too', async () => {
  using folder = temporaryFolder();
  const aborter = new AbortController();
  await using codex = await scripted(join(folder.path, 'home'), [
    { call: shell('echo begun > begun; tail -f /dev/null'), ...used(1000, 0, 7) },
  ]);
  const { request } = attemptIn(folder.path, {
    signal: aborter.signal,
    emit: (body) => {
      if (body.type === 'agent.acted' && body.act === 'runs') setTimeout(() => aborter.abort(), 500);
    },
  });
  expect(await codex.agent.attempt(request)).toMatchObject({ kind: 'aborted' });
  expect(readFileSync(join(request.workspace, 'begun'), 'utf8')).toBe('begun\n');
  expect(listMarked(`GYM_RUN_ID=${request.loop}`)).toEqual([]);
});
