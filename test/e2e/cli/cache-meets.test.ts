import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Verdict, verdictSchema } from '../../../gym/judge/verdict.ts';
import { sha256 } from '../../../gym/store/sha256.ts';
import type { TaskInput } from '../../../gym/task/schema.ts';
import { commit, tinyCheckout, writeTask } from '../../support/gym/checkout.ts';
import { gym } from '../../support/gym/program.ts';
import type { TemporaryFolder } from '../../support/repository.ts';

/** A stage that may be cached and needs no environment. */
const unit = (command: string) => ({ name: 'unit', command, inputs: ['src/**', 'check.sh'], pure: true });

function checkout(command: string, more: Partial<TaskInput> = {}): TemporaryFolder {
  const folder = tinyCheckout();
  folder.write('envs/tiny/src/a.txt', 'one\n');
  folder.write('envs/tiny/check.sh', 'true\n');
  writeTask(folder, { stages: [unit(command)], ...more });
  return folder;
}

async function verify(cwd: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Verdict> {
  const { stdout } = await gym(cwd, ['verify', 'tiny', '--json', ...args], env);
  return verdictSchema.parse(JSON.parse(stdout));
}

const cached = ({ stages }: Verdict): readonly string[] =>
  stages.filter((stage) => stage.cached !== undefined).map(({ stage }) => stage);

test('what a waiver made green has failed: it is not taken over, and the waiver that runs out shows it', async () => {
  const waivers = (until: string) => [{ check: 'unit', owner: 'me', reason: 'known', until }];
  using folder = checkout('exit 1', { waivers: waivers('2999-01-01') });
  expect((await verify(folder.path)).state).toBe('waived');
  const again = await verify(folder.path);
  expect({ state: again.state, cached: cached(again) }).toEqual({ state: 'waived', cached: [] });
  writeTask(folder, { stages: [unit('exit 1')], waivers: waivers('2020-01-01') });
  expect((await verify(folder.path)).state).toBe('fail');
});

test('a run of the very same is one with the same variables for stages on the host', async () => {
  using folder = checkout('test "$WHO" != nobody');
  expect((await verify(folder.path, [], { WHO: 'me' })).state).toBe('pass');
  expect(cached(await verify(folder.path, [], { WHO: 'me', COLUMNS: '99' }))).toEqual(['unit']);
  expect((await verify(folder.path, [], { WHO: 'nobody' })).state).toBe('fail');
});

test('what was judged by other files is not taken, though the inputs do not name them', async () => {
  using folder = tinyCheckout();
  folder.write('envs/tiny/check.sh', 'grep -q 42 src/a.txt\n');
  writeTask(folder, { stages: [{ ...unit('sh check.sh'), inputs: ['src/**'] }] });
  for (const [answer, ...pass] of [
    ['41', 'verify', 'tiny', '--baseline', '.'],
    ['43', 'prove', 'tiny'],
  ]) {
    folder.write('envs/tiny/src/a.txt', `${answer}\n`);
    folder.write('envs/tiny/check.sh', 'true\n');
    await gym(folder.path, pass);
    folder.git('checkout', '-q', '--', 'envs/tiny/check.sh');
    const judged = await verify(folder.path);
    expect([judged.state, cached(judged)]).toEqual(['fail', []]);
  }
});

test('where no key of the user can be kept, nothing is believed as a whole', async () => {
  using folder = checkout('echo checked');
  const env = { XDG_STATE_HOME: '/proc/none' };
  const first = await verify(folder.path, [], env);
  const known = join(folder.path, '.gym/cache');
  for (const name of readdirSync(known).filter((each) => each.endsWith('.json')))
    writeFileSync(join(known, name), `${sha256('{}')}\n{}`);
  const again = await verify(folder.path, [], env);
  expect([again.state, again.stages[0]?.cached?.run]).toEqual(['pass', first.run]);
});

test("what was read by the workspace's own task file is not taken for what the baseline's reads", async () => {
  using folder = tinyCheckout();
  const write = (samples: string): void =>
    folder.write(
      'envs/tiny/task.ts',
      `import { bound, defineTask, json, sum, z } from 'devgym';
const n = json({
  stage: 'unit', path: 'n.json', schema: z.object({ n: z.int() }),
  samples: ({ n }) => [{ metric: 'n', value: ${samples}, unit: 'count' }],
});
const stages = [{ name: 'unit', command: "echo '{\\"n\\": 3}' >n.json", inputs: ['src/**'], pure: true }];
const invariants = [bound({ name: 'enough', quantity: sum('n.n'), atLeast: 5 })];
export default defineTask({
  name: 'tiny', instruction: 'TASK.md', compose: 'compose.yaml', stages, measurements: { n }, invariants,
});
`,
    );
  write('n');
  commit(folder);
  write('n + 2');
  expect((await verify(folder.path, ['--baseline', '.'])).state).toBe('pass');
  const judged = await verify(folder.path);
  expect(judged.workspace.restored).toEqual(['task.ts']);
  expect(judged.checks.find(({ name }) => name === 'enough')?.because).toContain('all is 3');
});

test('why a stage would run is told of what judges, not of what is restored', async () => {
  using folder = checkout('sh check.sh');
  expect((await verify(folder.path)).state).toBe('pass');
  folder.write('envs/tiny/check.sh', 'true, or so\n');
  const judged = await verify(folder.path);
  expect([judged.workspace.restored, cached(judged)]).toEqual([['check.sh'], ['unit']]);
  expect((await gym(folder.path, ['why', 'unit', 'tiny'])).stdout).toContain('is taken from run');
});

test('a baseline that moves while a run judges is one that the run knows nothing of', async () => {
  using folder = tinyCheckout();
  folder.write('envs/tiny/check.sh', 'exit 1\n');
  writeTask(folder, { stages: [unit(`sh '${folder.path}/move.sh'; sh check.sh`)] });
  const before = folder.git('rev-parse', 'HEAD').trim();
  folder.write('envs/tiny/check.sh', 'true\n');
  commit(folder);
  folder.git('checkout', '-qb', 'work');
  folder.write('move.sh', `git -C '${folder.path}' update-ref refs/heads/main ${before}\n`);
  expect((await verify(folder.path)).state).toBe('pass');
  const moved = await verify(folder.path);
  expect([moved.state, moved.workspace.restored]).toEqual(['fail', ['check.sh']]);
});

test('what was printed is shown of a run that took it from another one', async () => {
  using folder = checkout('echo checked');
  await verify(folder.path);
  for (const content of ['two', 'two']) {
    folder.write('envs/tiny/README.md', content);
    const again = await verify(folder.path);
    expect(cached(again)).toEqual(['unit']);
    expect((await gym(folder.path, ['logs', again.run, 'unit'])).stdout).toBe('checked\n');
  }
});

test('what is proposed in the worktree of a loop is seen there, though nothing else has changed', async () => {
  using folder = checkout('sh check.sh');
  folder.git('worktree', 'add', '-q', '-b', 'gym/some', '.gym/worktrees/some');
  const worktree = join(folder.path, '.gym/worktrees/some');
  expect((await verify(worktree)).state).toBe('pass');
  expect(cached(await verify(worktree))).toEqual(['unit']);
  folder.write('.gym/worktrees/some/envs/tiny/check.sh', 'exit 0\n');
  const proposed = await gym(worktree, ['propose', 'envs/tiny/check.sh', '--reason', 'shorter']);
  expect(proposed.exitCode).toBe(0);
  folder.write('.gym/worktrees/some/envs/tiny/check.sh', 'true\n');
  const { proposals } = await verify(worktree);
  expect(proposals).toMatchObject([{ state: 'open', files: ['check.sh'] }]);
});
