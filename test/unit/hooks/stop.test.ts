import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Result } from '../../../gym/events/problem.ts';
import type { Answer } from '../../../gym/hooks/answer.ts';
import { onStop } from '../../../gym/hooks/stop.ts';
import type { Verdict } from '../../../gym/judge/verdict.ts';
import { limitsSchema } from '../../../gym/task/schema.ts';
import { temporaryFolder } from '../../support/repository.ts';

/** A verdict on files that differ with `hash`. */
function verdict(
  state: Verdict['state'],
  exitCode: number,
  { hash = '', distance = 1 }: { hash?: string; distance?: number } = {},
): Result<Verdict> {
  const workspace = { root: '/w', hash, definition: '', restored: [] };
  const head = { schema: 'gym.verdict/1', run: 'run-1', task: 'shop', headline: `it is ${state}` } as const;
  const rest = { startedAt: 0, durationMs: 1, stages: [], checks: [], problems: [] };
  return {
    ok: true,
    value: { ...head, ...rest, state, exitCode, workspace, distance: exitCode === 1 ? distance : null },
  };
}

/** A session whose stops are judged so, one after the other; minutes go by between them. */
function session(folder: string, { attempts = 8, minutes = 60, minutesEach = 1 } = {}) {
  let now = 0;
  return async (judged: Result<Verdict>, { turn = 'prompt 1' } = {}): Promise<Answer> => {
    now += minutesEach * 60_000;
    return onStop({
      session: '../../an odd session',
      turn,
      limits: limitsSchema.parse({ attempts, minutes }),
      directory: join(folder, 'turns'),
      judge: async () => judged,
      clock: () => now,
    });
  };
}

const failing = (hash: string, distance?: number): Result<Verdict> =>
  verdict('fail', 1, { hash, ...(distance !== undefined && { distance }) });

test('an agent is sent back with the verdict until it holds, and a later turn begins anew', async () => {
  using folder = temporaryFolder();
  const stop = session(folder.path);
  const first = await stop(failing('a'));
  expect(first).toMatchObject({
    act: 'send-back',
    words: expect.stringMatching(/1 of at most 8.*\nFAIL shop distance 1/),
  });
  expect(await stop(failing('b'))).toMatchObject({
    act: 'send-back',
    words: expect.stringContaining('2 of at most 8'),
  });
  expect(await stop(verdict('pass', 0))).toMatchObject({
    act: 'tell',
    words: expect.stringMatching(/^gym: PASS shop/),
  });
  expect(await stop(failing('c'))).toMatchObject({ words: expect.stringContaining('1 of at most 8') });
  expect(await stop(failing('d'), { turn: 'prompt 2' })).toMatchObject({
    words: expect.stringContaining('1 of at most 8'),
  });
  expect(readdirSync(folder.path)).toEqual(['turns']);
});

test('the number of attempts bounds it, and the person is told', async () => {
  using folder = temporaryFolder();
  const stop = session(folder.path, { attempts: 2 });
  expect((await stop(failing('a'))).act).toBe('send-back');
  expect((await stop(failing('b'))).act).toBe('send-back');
  const last = await stop(failing('c'));
  expect(last).toMatchObject({
    act: 'tell',
    words: expect.stringMatching(/not done: it was sent back 2 times.*\nFAIL shop/),
  });
});

test('an agent that changes nothing three times is let go; one that changes something is not', async () => {
  using folder = temporaryFolder();
  const stop = session(folder.path);
  const acts: string[] = [];
  for (const hash of ['a', 'a', 'a', 'b', 'b', 'b', 'b']) acts.push((await stop(failing(hash))).act);
  expect(acts).toEqual([...Array(6).fill('send-back'), 'tell']);
  expect(await stop(failing('b', 2))).toMatchObject({ act: 'send-back' });
});

test('the minutes of the task bound a turn, also while it is judged', async () => {
  using folder = temporaryFolder();
  const stop = session(folder.path, { minutes: 5, minutesEach: 3 });
  expect((await stop(failing('a'))).act).toBe('send-back');
  expect((await stop(failing('b'))).act).toBe('send-back');
  expect(await stop(failing('c'))).toMatchObject({
    act: 'tell',
    words: expect.stringContaining('the 5 minutes for it are over'),
  });

  let now = 0;
  const judge = async (limit: AbortSignal): Promise<Result<Verdict>> => {
    await new Promise((resolve) => limit.addEventListener('abort', resolve));
    now = 1_000;
    return verdict('unknown', 130);
  };
  const limits = limitsSchema.parse({ minutes: 1 / 600 });
  const cut = await onStop({ session: 's', turn: 't', limits, directory: folder.path, judge, clock: () => now });
  expect(cut).toMatchObject({ act: 'tell', words: expect.stringContaining('minutes for it are over') });
});

test.each([
  ['an engine that is down', verdict('unknown', 4)],
  ['what is unknown', verdict('unknown', 3)],
  ['a task that is not there', { ok: false, problems: [{ kind: 'usage', message: 'there is no task x' }] }],
] as const)('%s traps nobody', async (_, judged) => {
  using folder = temporaryFolder();
  const answer = await session(folder.path)(judged);
  expect(answer).toMatchObject({ act: 'tell', words: expect.stringContaining('could not be judged') });
});

test("a definition that is broken is the workspace's doing, and is bounded as the rest", async () => {
  using folder = temporaryFolder();
  const stop = session(folder.path);
  const broken = {
    ok: false,
    problems: [{ kind: 'definition', message: 'no default export', place: { file: 'task.ts', line: 3 } }],
  } as const;
  expect(await stop(broken)).toMatchObject({
    act: 'send-back',
    words: expect.stringContaining('task.ts:3 no default export'),
  });
  expect((await stop(broken)).act).toBe('send-back');
  expect((await stop(broken)).act).toBe('send-back');
  expect((await stop(broken)).act).toBe('tell');
});

test('of two stops of a session at once the first decides', async () => {
  using folder = temporaryFolder();
  const { promise, resolve } = Promise.withResolvers<Result<Verdict>>();
  const request = { session: 's', turn: 't', limits: limitsSchema.parse({}), directory: folder.path, clock: () => 0 };
  const first = onStop({ ...request, judge: () => promise });
  const second = await onStop({ ...request, judge: async () => failing('b') });
  expect(second).toMatchObject({ act: 'tell', words: expect.stringContaining('still judging') });
  resolve(failing('a'));
  expect((await first).act).toBe('send-back');
});
