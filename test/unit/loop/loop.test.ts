import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandAgent } from '../../../gym/agent/command.ts';
import { noUsage } from '../../../gym/agent/usage.ts';
import type { Event } from '../../../gym/events/event.ts';
import { readEvents } from '../../../gym/events/log.ts';
import type { Verdict } from '../../../gym/judge/verdict.ts';
import { runLoop } from '../../../gym/loop/loop.ts';
import type { LoopRequest } from '../../../gym/loop/request.ts';
import { findResumable } from '../../../gym/loop/resume.ts';
import type { VerifyRequest } from '../../../gym/verify/request.ts';
import { extractCommit } from '../../../gym/workspace/commit.ts';
import { protectionOf } from '../../../gym/workspace/protection.ts';
import { takeSnapshot } from '../../../gym/workspace/snapshot.ts';
import { countDown, countingCheckout, countingLoop, judgeCount } from '../../support/counting.ts';
import { temporaryFolder } from '../../support/repository.ts';

import { agentOf, run } from './running.ts';

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

test('a service that an attempt keeps from coming up is told to the agent, and does not end the loop; that of the start state does', async () => {
  const brokenIn =
    (...attempts: number[]): LoopRequest['verify'] =>
    async (request) => {
      const verdict = await judgeCount(request);
      if (!attempts.includes(3 - (verdict.distance ?? 0))) return verdict;
      const problem = {
        kind: 'environment',
        message: 'app ended with exit code 1',
        place: { service: 'app' },
      } as const;
      return { ...verdict, state: 'unknown', exitCode: 4, distance: null, headline: 'app ended', problems: [problem] };
    };
  using folder = countingCheckout(3);
  const ended = await run(countingLoop(folder.path, { verify: brokenIn(1) }));
  expect(ended).toMatchObject({ end: 'done', exitCode: 0 });
  expect(ended.attempts.map(({ state }) => state)).toEqual(['fail', 'unknown', 'fail', 'pass']);
  using other = countingCheckout(3);
  expect(await run(countingLoop(other.path, { verify: brokenIn(0) }))).toMatchObject({
    end: 'environment',
    exitCode: 4,
  });
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
