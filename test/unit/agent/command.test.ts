import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandAgent } from '../../../gym/agent/command.ts';
import { listMarked } from '../../../gym/store/processes.ts';
import { attemptIn } from '../../support/attempt.ts';
import { temporaryFolder } from '../../support/repository.ts';

test('runs in the workspace with the prompt on stdin, and the prompt and the verdict as files', async () => {
  using folder = temporaryFolder();
  const { request, acts, log } = attemptIn(folder.path, { attempt: 3 });
  const command = 'cat; cat "$GYM_PROMPT_FILE" "$GYM_VERDICT_FILE"; echo " $GYM_ATTEMPT"; echo words >&2; pwd > here';
  const outcome = await commandAgent(command).attempt(request);
  expect(outcome).toMatchObject({ kind: 'claimed-done', session: null, usage: { costUsd: null, inputTokens: 0 } });
  expect(acts()).toEqual([`runs ${command}`, 'says Count down.', 'says Count down.', 'says {"state":"fail"} 3']);
  expect(log()).toContain('words\n');
  expect(readFileSync(join(request.workspace, 'here'), 'utf8').trim()).toBe(request.workspace);
});

test.each([
  ['no-such-program-of-all', 'never', 'ended with exit 127'],
  ['echo "no credit left" >&2; exit 4', 'once', 'ended with exit 4: '],
  ['kill -9 $$', 'once', 'was killed'],
])('%s: failed, to be tried again: %s', async (command, retry, how) => {
  using folder = temporaryFolder();
  const { request } = attemptIn(folder.path);
  const outcome = await commandAgent(command).attempt(request);
  expect(outcome).toMatchObject({ kind: 'failed', retry, problem: { place: { file: request.logFile } } });
  if (outcome.kind === 'failed') expect(outcome.problem.message).toContain(how);
  if (command.startsWith('echo') && outcome.kind === 'failed')
    expect(outcome.problem.message).toMatch(/\nno credit left$/);
});

test('a prompt that nobody reads is no failure', async () => {
  using folder = temporaryFolder();
  const { request } = attemptIn(folder.path, { prompt: 'x'.repeat(1 << 20) });
  expect(await commandAgent('true').attempt(request)).toMatchObject({ kind: 'claimed-done' });
});

test.each([
  ['holds the output open', 'setsid sleep 50 & sleep 50 & echo started'],
  ['does not', 'setsid sleep 50 >/dev/null 2>&1 & echo started'],
])('leaves no process, not even in another session: one that %s', async (_, command) => {
  using folder = temporaryFolder();
  const { request } = attemptIn(folder.path);
  const started = performance.now();
  const outcome = await commandAgent(command).attempt(request);
  expect(outcome.kind).toBe('claimed-done');
  expect(performance.now() - started).toBeLessThan(4000);
  expect(listMarked(`GYM_RUN_ID=${request.loop}`)).toEqual([]);
});

test('aborting ends it and all that it started, even what does not listen', async () => {
  using folder = temporaryFolder();
  const aborter = new AbortController();
  const { request } = attemptIn(folder.path, { signal: aborter.signal });
  const running = commandAgent("trap '' TERM; setsid sleep 50 & while :; do sleep 0.1; done").attempt(request);
  setTimeout(() => aborter.abort(), 300);
  const started = performance.now();
  expect(await running).toMatchObject({ kind: 'aborted' });
  expect(performance.now() - started).toBeLessThan(6000);
  expect(listMarked(`GYM_RUN_ID=${request.loop}`)).toEqual([]);
});
