import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Agent, AttemptOutcome, AttemptRequest } from '../../../gym/agent/agent.ts';
import { commandAgent } from '../../../gym/agent/command.ts';
import { noUsage } from '../../../gym/agent/usage.ts';
import type { Event } from '../../../gym/events/event.ts';
import { readEvents } from '../../../gym/events/log.ts';
import type { Verdict } from '../../../gym/judge/verdict.ts';
import { runLoop } from '../../../gym/loop/loop.ts';
import type { LoopReport } from '../../../gym/loop/report.ts';
import type { LoopRequest } from '../../../gym/loop/request.ts';
import { findResumable } from '../../../gym/loop/resume.ts';
import { listMarked } from '../../../gym/store/processes.ts';
import type { VerifyRequest } from '../../../gym/verify/request.ts';
import { extractCommit } from '../../../gym/workspace/commit.ts';
import { protectionOf } from '../../../gym/workspace/protection.ts';
import { takeSnapshot } from '../../../gym/workspace/snapshot.ts';
import { countDown, countingCheckout, countingLoop, judgeCount } from '../../support/counting.ts';
import { taskIn, temporaryFolder } from '../../support/repository.ts';

async function run(request: LoopRequest): Promise<LoopReport> {
  const report = await runLoop(request);
  if (!report.ok) throw new Error(JSON.stringify(report.problems));
  return report.value;
}

/** An agent of the test's own, which counts as one that is done when it says nothing else. */
function agentOf(act: (request: AttemptRequest) => Partial<AttemptOutcome>): Agent {
  const done = { kind: 'claimed-done', usage: noUsage, session: null } as const;
  return { name: 'test', attempt: async (request) => ({ ...done, ...act(request) }) as AttemptOutcome };
}

test('each verification is held against the build of the start, whatever the agent has committed', async () => {
  using folder = countingCheckout(2);
  const seen: string[] = [];
  const verify: LoopRequest['verify'] = async (request) => {
    const { compareWith } = request;
    if (typeof compareWith !== 'object') throw new Error('no commit to compare with');
    const extracted = await extractCommit(compareWith, join(folder.path, 'out'), () => true);
    seen.push(extracted.ok ? readFileSync(join(extracted.value.folder, 'n.txt'), 'utf8') : 'not there');
    return judgeCount(request);
  };
  await run(countingLoop(folder.path, { verify }));
  expect(seen).toEqual(['2\n', '2\n', '2\n']);
});

test('goes on until the judge says done, and tells what happened', async () => {
  using folder = countingCheckout(2);
  const events: Event[] = [];
  const request = countingLoop(folder.path, { listeners: [(event) => events.push(event)] });
  const report = await run(request);

  expect(report).toMatchObject({ end: 'done', because: 'n is 0', exitCode: 0, worktree: null, resumable: false });
  const table = report.attempts.map(({ attempt, state, distance, files }) => ({ attempt, state, distance, files }));
  expect(table).toEqual([
    { attempt: 0, state: 'fail', distance: 2, files: null },
    { attempt: 1, state: 'fail', distance: 1, files: 1 },
    { attempt: 2, state: 'pass', distance: 0, files: 1 },
  ]);
  const once = ['attempt.started', 'log.opened', 'agent.acted', 'agent.used', 'attempt.saved', 'attempt.judged'];
  expect(events.map(({ type }) => type)).toEqual(['loop.started', 'attempt.judged', ...once, ...once, 'loop.finished']);
  expect(readEvents(join(request.store.runDirectory(request.loop), 'events.ndjson'))).toEqual(events);

  expect(
    folder
      .git('log', '--format=%s', report.branch ?? '')
      .trim()
      .split('\n'),
  ).toEqual(['attempt 2', 'attempt 1', 'start state', 'first']);
  expect(readFileSync(join(folder.path, 'app/n.txt'), 'utf8')).toBe('2\n');
  expect(folder.git('status', '--porcelain')).toBe('');
  expect(request.history.find(request.loop)).toMatchObject({ kind: 'loop', state: 'done', exitCode: 0, distance: 0 });
  expect(findResumable(request.store)).toMatchObject({ ok: false });
});

test('a start state that is green needs no agent', async () => {
  using folder = countingCheckout(0);
  const report = await run(countingLoop(folder.path, { agent: commandAgent('exit 1') }));
  expect(report).toMatchObject({ end: 'done', exitCode: 0 });
  expect(report.attempts).toHaveLength(1);
});

test('an agent gets the instruction, then the last verdict, and from a conversation that goes on the verdict alone', async () => {
  using folder = countingCheckout(3);
  const prompts: string[] = [];
  const verdicts: unknown[] = [];
  const agent = agentOf(({ prompt, verdictFile, workspace, attempt }) => {
    prompts.push(prompt);
    verdicts.push(JSON.parse(readFileSync(verdictFile, 'utf8')).headline);
    writeFileSync(join(workspace, 'n.txt'), String(3 - attempt));
    return { session: attempt === 2 ? { id: 's', used: noUsage } : null };
  });
  await run(countingLoop(folder.path, { agent }));
  expect(verdicts).toEqual(['n is 3', 'n is 2', 'n is 1']);
  expect(prompts[0]).toMatch(
    /^Make n.txt say 0\.[\s\S]*attempt 1 of at most 8[\s\S]*as it is now was judged:\n\nn is 3\n$/,
  );
  expect(prompts[1]).toMatch(
    /^Make n.txt say 0\.[\s\S]*attempt 2 of at most 8[\s\S]*last attempt was judged:\n\nn is 2\n$/,
  );
  expect(prompts[2]).toMatch(
    /^Your last attempt was judged:\n\nn is 1\n\nGo on with the task. This is attempt 3 of at most 8\.\n$/,
  );
});

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

test('an environment that cannot be brought up is tried once more; then the loop can be resumed', async () => {
  using folder = countingCheckout(1);
  let broken = 0;
  const flaky =
    (times: number): LoopRequest['verify'] =>
    async (request) => {
      const verdict = await judgeCount(request);
      if (verdict.distance !== 0 || broken >= times) return verdict;
      broken += 1;
      return { ...verdict, state: 'unknown', exitCode: 4, distance: null, headline: 'no engine' };
    };
  const ended = await run(countingLoop(folder.path, { verify: flaky(2) }));
  expect(ended).toMatchObject({ end: 'environment', because: 'no engine', exitCode: 4, resumable: true });
  expect(broken).toBe(2);
  expect(existsSync(ended.worktree ?? '')).toBe(true);

  const resumed = await run(countingLoop(folder.path, { verify: flaky(3) }));
  expect(resumed).toMatchObject({ end: 'done', exitCode: 0 });
  expect(resumed.attempts).toHaveLength(2);
  expect(broken).toBe(3);
});

test('a task whose start state is wrongly defined ends at once with 2', async () => {
  using folder = countingCheckout(1);
  const verify: LoopRequest['verify'] = async (request) => ({
    ...(await judgeCount(request)),
    state: 'unknown',
    exitCode: 2,
  });
  expect(await run(countingLoop(folder.path, { verify }))).toMatchObject({ end: 'environment', exitCode: 2 });
});

test('an agent that crashes is tried once more, one that cannot be had is not', async () => {
  for (const [command, tries] of [
    ['echo x >> tried; exit 3', 2],
    ['echo x >> tried; exit 127', 1],
  ] as const) {
    using folder = countingCheckout(1);
    const report = await run(countingLoop(folder.path, { agent: commandAgent(command) }));
    expect(report).toMatchObject({ end: 'agent-failed', exitCode: 4, resumable: true });
    const tried = readFileSync(join(report.worktree ?? '', 'app/tried'), 'utf8');
    expect(tried).toBe('x\n'.repeat(tries));

    const resumed = await run(countingLoop(folder.path));
    expect(resumed).toMatchObject({ end: 'done', exitCode: 0 });
    expect(folder.git('show', '--stat', '--format=', resumed.branch ?? '')).not.toContain('tried');
  }
});

test('a model server that is overloaded is waited for, three times at most, in the same conversation', async () => {
  using folder = countingCheckout(1);
  const waits: number[] = [];
  const sessions: (string | undefined)[] = [];
  const problem = { kind: 'environment', message: 'overloaded' } as const;
  const agent = agentOf(({ session }) => {
    sessions.push(session?.id);
    return { kind: 'failed', retry: 'later', problem, session: { id: 's', used: noUsage } };
  });
  const wait = async (ms: number) => void waits.push(ms);
  const report = await run(countingLoop(folder.path, { agent, wait }));
  expect(report).toMatchObject({ end: 'agent-failed', because: 'overloaded' });
  expect(waits).toEqual([5_000, 20_000, 60_000]);
  expect(sessions).toEqual([undefined, 's', 's', 's']);
});

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

test('problems of the task come as problems: a start patch that does not apply, in the report; no instruction, alone', async () => {
  using folder = countingCheckout(1);
  folder.write('app/start/01.patch', 'no patch\n');
  const unpatched = await runLoop(countingLoop(folder.path));
  const ended = { end: 'environment', exitCode: 2, attempts: [], problems: [{ kind: 'definition' }] };
  expect(unpatched).toMatchObject({ ok: true, value: ended });
  const request = countingLoop(folder.path);
  const without = { ...request, loop: 'other', task: { ...request.task, instruction: 'NO.md' } };
  const place = { file: join(folder.path, 'app/NO.md') };
  expect(await runLoop(without)).toMatchObject({ ok: false, problems: [{ kind: 'definition', place }] });
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

/** Reads the number that is judged by a protected file, as a verification would lay it over the workspace. */
async function judgeByCheck({ workspace, baseline, task, ...rest }: VerifyRequest): Promise<Verdict> {
  const directory = join(rest.store.runDirectory(rest.run), 'workspace');
  const taken = await takeSnapshot({ workspace, baseline, protection: protectionOf(task), directory });
  if (!taken.ok) throw new Error(taken.problems[0].message);
  const wanted = readFileSync(join(directory, 'check.txt'), 'utf8').trim();
  const verdict = await judgeCount({ workspace: directory, task, ...rest });
  const isPass = `${verdict.distance}` === wanted;
  return { ...verdict, state: isPass ? 'pass' : 'fail', exitCode: isPass ? 0 : 1 };
}

const bends = {
  "the checkout's file": 'echo 2 > ../../../../app/check.txt',
  'a file that the checkout gets': 'mkdir ../../../../app/check.d; echo 2 > ../../../../app/check.d/x',
  'its own file': 'echo 2 > check.txt',
  'the object in git': 'git replace -f $(git rev-parse HEAD:./check.txt) $(echo 2 | git hash-object -w --stdin)',
};

test.each(Object.entries(bends))('an agent cannot bend the judge: %s', async (what, bend) => {
  using folder = countingCheckout(2);
  folder.write('app/check.txt', '0\n');
  const loop = countingLoop(folder.path);
  const task = { ...loop.task, protected: ['check.txt', 'check.d/**'] };
  const agent = commandAgent(bend);
  const events: Event[] = [];
  const limits = { attempts: 2, minutes: 5, usd: null };
  const listeners = [(event: Event) => events.push(event)];
  const report = await run({ ...loop, task, agent, limits, listeners, verify: judgeByCheck });
  expect(report.attempts.map(({ state }) => state)).toEqual(['fail', 'fail', 'fail']);
  const notes = events.flatMap((event) => (event.type === 'noted' ? [event.text] : []));
  const changed = what.includes('checkout') ? [what.startsWith('a file') ? 'check.d/x' : 'check.txt'] : [];
  expect(notes).toEqual(changed.map((path) => expect.stringMatching(new RegExp(`checkout changed.*: ${path}$`))));
  expect(report.because).toMatch(changed.length === 0 ? /are made$/ : /are made; .* checkout changed/);
  const runs = report.attempts.map(({ run: name }) => join(loop.store.directory, 'runs', name ?? ''));
  expect(runs.filter((each) => existsSync(join(each, 'baseline')))).toEqual([]);
});

test.each(['no repository', 'a repository', 'an exercise'])(
  'protected files that are hidden or ignored judge as well: %s',
  async (kind) => {
    using folder = temporaryFolder();
    if (kind !== 'no repository') folder.git('init', '-q');
    folder.write('app/.gitignore', 'data/\n');
    folder.write('app/n.txt', '1\n');
    folder.write('app/TASK.md', 'Make n.txt say 0.\n');
    folder.write('app/.secret/check.txt', '0\n');
    folder.write('app/data/big.txt', 'b\n');
    const patch = '--- a/n.txt\n+++ b/n.txt\n@@ -1 +1 @@\n-1\n+2\n';
    if (kind === 'an exercise') folder.write('app/start/1.patch', patch);
    const loop = countingLoop(folder.path);
    const task = { ...loop.task, protected: ['.secret/**', 'data'], hidden: ['start/**', '.secret/**'] };
    const seen: string[][] = [];
    const agent = commandAgent(`[ ! -e .secret ] && ${countDown}`);
    const verify: LoopRequest['verify'] = async (request) => {
      const directory = join(folder.path, 'snapshot');
      const { workspace, baseline } = request;
      const taken = await takeSnapshot({ workspace, baseline, protection: protectionOf(task), directory });
      if (taken.ok) seen.push(globSync('{.secret,data}/*', { cwd: directory }).sort());
      return judgeCount(request);
    };
    expect(await run({ ...loop, task, agent, verify })).toMatchObject({ end: 'done' });
    const judged = kind === 'no repository' ? ['.secret/check.txt', 'data/big.txt'] : ['.secret/check.txt'];
    expect(seen).toEqual(Array.from({ length: kind === 'an exercise' ? 3 : 2 }, () => judged));
  },
);
