import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandAgent } from '../../../gym/agent/command.ts';
import { noUsage } from '../../../gym/agent/usage.ts';
import type { Event } from '../../../gym/events/event.ts';
import { runLoop } from '../../../gym/loop/loop.ts';
import { findResumable } from '../../../gym/loop/resume.ts';
import { countDown, countingCheckout, countingLoop } from '../../support/counting.ts';
import { taskIn } from '../../support/repository.ts';

import { agentOf, run } from './running.ts';

test('a person stops it, and it goes on later with a fresh attempt and the events of before', async () => {
  using folder = countingCheckout(2);
  const person = new AbortController();
  const agent = commandAgent(`${countDown}; [ $GYM_ATTEMPT = 1 ] || sleep 50`);
  const stopAt2 = (event: Event): void => {
    if (event.type === 'attempt.started' && event.attempt === 2) setTimeout(() => person.abort(), 200);
  };
  const stopped = await run(countingLoop(folder.path, { agent, signal: person.signal, listeners: [stopAt2] }));
  expect(stopped).toMatchObject({ end: 'stopped', exitCode: 130, resumable: true });

  const events: Event[] = [];
  const request = countingLoop(folder.path, { listeners: [(event) => events.push(event)] });
  expect(findResumable(request.store)).toMatchObject({ ok: true, value: { loop: request.loop } });
  const resumed = await run(request);
  expect(resumed).toMatchObject({ end: 'done' });
  expect(resumed.attempts.map(({ distance }) => distance)).toEqual([2, 1, 0]);
  expect(resumed.durationMs).toBeGreaterThan(stopped.durationMs);
  expect(events.filter(({ type }) => type === 'loop.started')).toHaveLength(2);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index));
});

test('an attempt that was cut is begun again in a new conversation: the old one knows of work that is gone', async () => {
  using folder = countingCheckout(3);
  const person = new AbortController();
  const sessions: (string | undefined)[] = [];
  const agent = agentOf(({ attempt, workspace, session }) => {
    sessions.push(session?.id);
    writeFileSync(join(workspace, 'n.txt'), String(3 - attempt));
    if (attempt === 2 && !person.signal.aborted) {
      person.abort();
      return { kind: 'aborted' };
    }
    return { session: { id: `of ${attempt}`, used: noUsage } };
  });
  await run(countingLoop(folder.path, { agent, signal: person.signal }));
  expect(await run(countingLoop(folder.path, { agent }))).toMatchObject({ end: 'done' });
  expect(sessions).toEqual([undefined, 'of 1', undefined, 'of 2']);
});

test('two gyms do not run one loop', async () => {
  using folder = countingCheckout(1);
  const agent = commandAgent(`sleep 0.5; ${countDown}`);
  const [first, second] = await Promise.all([
    runLoop(countingLoop(folder.path, { agent })),
    runLoop(countingLoop(folder.path, { agent })),
  ]);
  expect(first).toMatchObject({ ok: true, value: { end: 'done' } });
  const message = expect.stringContaining(`is under way in process ${process.pid}`);
  expect(second).toMatchObject({ ok: false, problems: [{ kind: 'usage', message }] });
});

test('resuming names what is there: nothing, an ended loop, an ambiguous name', async () => {
  using folder = countingCheckout(0);
  const { store, ...request } = countingLoop(folder.path);
  const messageOf = (name?: string): string => {
    const found = findResumable(store, name === undefined ? undefined : { name, taskFile: undefined });
    return found.ok ? found.value.loop : found.problems[0].message;
  };
  expect(messageOf()).toBe('there is no loop to resume');
  await run({ ...request, store, loop: 'a-1' });
  await run({ ...request, store, loop: 'b-1' });
  await run({ ...request, store, loop: 'long-b-1' });
  expect(messageOf()).toBe('there is no loop to resume');
  expect(messageOf('a-1')).toBe('the loop a-1 ended: n is 0');
  expect(messageOf('b-1')).toBe('the loop b-1 ended: n is 0');
  expect(messageOf('-1')).toBe('-1 may be any of: long-b-1, b-1, a-1');
  expect(messageOf('zz')).toBe('there is no loop or task zz');
  expect(messageOf('count')).toBe('there is no loop of count to resume');
});

test('resuming a task takes the newest of its loops that has not ended', async () => {
  using folder = countingCheckout(1);
  const { store, ...request } = countingLoop(folder.path, { agent: commandAgent('exit 127') });
  for (const loop of ['l-1', 'l-2']) await run({ ...request, store, loop });
  await run({ ...request, store, loop: 'l-3', agent: commandAgent(countDown) });
  await run({ ...request, store, loop: 'l-4', task: taskIn(join(folder.path, 'app'), { name: 'other' }) });
  const value = (loop: string) => ({ ok: true, value: { loop } });
  expect(findResumable(store)).toMatchObject(value('l-4'));
  expect(findResumable(store, { name: 'count', taskFile: undefined })).toMatchObject(value('l-2'));
  expect(findResumable(store, { name: './app', taskFile: request.task.file })).toMatchObject(value('l-4'));
  expect(findResumable(store, { name: '-1', taskFile: undefined })).toMatchObject(value('l-1'));
});
