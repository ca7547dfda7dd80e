import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { verdictSchema } from '../../../gym/judge/verdict.ts';
import { commit, tinyCheckout } from '../../support/gym/checkout.ts';
import { madeSince } from '../../support/gym/engine.ts';
import { gym, ownEnv, program } from '../../support/gym/program.ts';

const hasTerminal = spawnSync('script', ['--version']).stdout?.toString().includes('util-linux') ?? false;
if (!hasTerminal)
  console.warn('SKIPPED: accepting at a terminal is not tested, because `script` of util-linux is missing');

/** What gym says at a terminal, where a person is. */
function atTerminal(cwd: string, ...args: string[]) {
  const command = `exec '${process.execPath}' '${program}' ${args.join(' ')}`;
  const options = ['--quiet', '--return', '--command', command, '/dev/null'];
  const end = spawnSync('script', options, { cwd, env: ownEnv, encoding: 'utf8' });
  return { exitCode: end.status, said: end.stdout.replaceAll('\r', '') };
}

/** The default branch asks for 42, the branch that is worked on has come to 41. */
function checkout() {
  const folder = tinyCheckout({ stages: [{ name: 'answer', command: 'sh check.sh' }] });
  folder.write('envs/tiny/check.sh', 'grep -q 42 answer.txt\n');
  folder.write('envs/tiny/answer.txt', '41\n');
  commit(folder);
  folder.git('checkout', '-qb', 'work');
  folder.write('envs/tiny/check.sh', 'grep -q 41 answer.txt\n');
  return folder;
}

test.skipIf(!hasTerminal)(
  'a change to what judges is proposed, tried beside, accepted by a person, and over once it is merged',
  async () => {
    using folder = checkout();
    const proposed = await gym(folder.path, ['propose', 'envs/tiny/check.sh', '--reason', 'the question has changed']);
    const [, id = ''] = /^proposal (\w{4}): check\.sh\. A person decides: gym review \1\n$/.exec(proposed.stdout) ?? [];
    expect(id, proposed.stderr).not.toBe('');

    const waiting = await gym(folder.path, ['verify', 'tiny']);
    expect(waiting).toMatchObject({ exitCode: 1 });
    expect(waiting.stdout).toContain(`proposal ${id} (check.sh) waits for a person; with it: pass, all stages pass\n`);

    const shown = await gym(folder.path, ['review', id]);
    expect(shown.stdout).toContain('the question has changed');
    expect(shown.stdout).toContain('-grep -q 42 answer.txt\n+grep -q 41 answer.txt');
    for (const env of [{}, { AI_AGENT: 'some-agent' }, { GYM_RUN_ID: 'some-loop' }]) {
      const refused = await gym(folder.path, ['review', id, '--accept'], env);
      expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('a person decides') });
    }
    expect(atTerminal(folder.path, 'review', id, '--accept')).toEqual({ exitCode: 0, said: `${id} accepted\n` });

    const accepted = await gym(folder.path, ['verify', 'tiny']);
    expect(accepted.exitCode).toBe(0);
    expect(accepted.stdout).toContain(`\nproposal ${id} (check.sh) was accepted and counts as the baseline's\n`);

    commit(folder);
    folder.git('branch', '-qf', 'main');
    const merged = verdictSchema.parse(JSON.parse((await gym(folder.path, ['verify', 'tiny', '--json'])).stdout));
    expect(merged).toMatchObject({ state: 'pass', workspace: { restored: [] } });
    expect(merged.proposals).toBeUndefined();
  },
);

test.skipIf(!hasTerminal)('guards hold against what a person has accepted: a test that asserts less', async () => {
  const cases = (...more: string[]) =>
    `import assert from 'node:assert';\nimport { test } from 'node:test';\ntest('adds', () => {\n  assert(true);\n${more.join('')}});\n`;
  const file = 'envs/tiny/test/sum.test.mjs';
  using folder = tinyCheckout({
    stages: [{ name: 'unit', command: `'${process.execPath}' --test test/sum.test.mjs` }],
  });
  folder.write(file, cases('  assert.equal(1 + 1, 2);\n'));
  commit(folder);
  folder.git('checkout', '-qb', 'work');
  folder.write(file, cases());
  const proposed = await gym(folder.path, ['propose', file, '--reason', 'once is enough']);
  const [, id = ''] = /^proposal (\w{4})/.exec(proposed.stdout) ?? [];
  expect(atTerminal(folder.path, 'review', id, '--accept').exitCode, proposed.stderr).toBe(0);
  const accepted = await gym(folder.path, ['verify', 'tiny']);
  expect(accepted).toMatchObject({ exitCode: 0, stdout: expect.not.stringContaining('guard-assertions') });
});

test('what an open proposal comes to is not tried again while nothing changes, and nothing comes up for it; each of several that fail is tried alone', async () => {
  using folder = tinyCheckout({
    services: `services:
  box:
    image: debian:bookworm-slim
    command: [sleep, infinity]
    volumes: ["./check.sh:/check.sh:ro", "./more.sh:/more.sh:ro"]
    init: true
`,
    stages: [{ name: 'unit', service: 'box', command: 'sh /check.sh && sh /more.sh' }],
  });
  for (const name of ['check.sh', 'more.sh']) folder.write(`envs/tiny/${name}`, 'exit 0\n');
  commit(folder);
  const propose = async (content: string, name = 'check.sh') => {
    folder.write('draft.sh', content);
    await gym(folder.path, ['propose', `envs/tiny/${name}`, '--from', 'draft.sh', '--reason', 'x']);
  };
  const verify = async (...args: string[]) => {
    const since = Date.now();
    const { stdout } = await gym(folder.path, ['verify', 'tiny', '--json', ...args]);
    const { run, state, proposals = [] } = verdictSchema.parse(JSON.parse(stdout));
    const came = proposals.map((each) => `${each.came?.state}, ${each.came?.because}`);
    return { run, state, came, isUp: madeSince(folder.path, since).length > 0 };
  };
  await propose('exit 7\n');
  const first = await verify();
  expect(first).toMatchObject({ state: 'pass', came: [expect.stringMatching(/^fail, unit: exit code 7/)], isUp: true });
  expect(await verify()).toMatchObject({
    ...{ state: 'pass', came: [`${first.came}; cached from run ${first.run}`], isUp: false },
  });
  expect(await verify('--no-cache')).toMatchObject({ came: first.came, isUp: true });
  await propose('exit 0 # more\n', 'more.sh');
  const both = await verify();
  expect(both.came).toEqual([expect.stringContaining(`${first.came}; cached from run `), 'pass, all stages pass']);
  expect(await verify()).toMatchObject({
    ...{ isUp: false, came: [both.came[0], `pass, all stages pass; cached from run ${both.run}`] },
  });
});

test('a change is proposed from a draft or standard input, without a change of the protected file', async () => {
  using folder = checkout();
  folder.git('checkout', '-q', '--', 'envs/tiny/check.sh');
  const propose = (...args: string[]) => gym(folder.path, ['propose', 'envs/tiny/check.sh', '--reason', 'x', ...args]);
  const draft = 'grep -q 41 answer.txt\n';
  folder.write('draft.sh', draft);
  const shell = `printf '${draft.replace('\n', '\\n')}' | '${process.execPath}' '${program}' propose envs/tiny/check.sh --from - --reason x`;
  const piped = spawnSync('sh', ['-c', shell], { cwd: folder.path, env: ownEnv, encoding: 'utf8' });
  for (const { stdout, stderr } of [await propose('--from', 'draft.sh'), piped]) {
    const [, id = ''] = /^proposal (\w{4}): check\.sh\. A person decides/.exec(stdout) ?? [];
    expect((await gym(folder.path, ['review', id])).stdout, stderr).toContain(
      '-grep -q 42 answer.txt\n+grep -q 41 answer.txt\n',
    );
  }
  expect(folder.git('status', '--porcelain', '--', 'envs/tiny/check.sh')).toBe('');
  const tried = verdictSchema.parse(JSON.parse((await gym(folder.path, ['verify', 'tiny', '--json'])).stdout));
  expect(tried).toMatchObject({ state: 'fail', proposals: [{ came: { state: 'pass' } }, { came: { state: 'pass' } }] });

  expect((await propose('--from', 'nowhere.sh')).stderr).toMatch(/there is no file .*nowhere\.sh/);
  expect((await propose('--from', '-')).stderr).toContain('there is nothing on standard input');
  expect((await propose('envs/tiny/task.ts', '--from', 'draft.sh')).stderr).toContain('the content of one file');
});

test('what is not protected, or as it was, is not proposed; without a reason nothing is', async () => {
  using folder = checkout();
  const propose = (...args: string[]) => gym(folder.path, ['propose', ...args]);
  expect((await propose('envs/tiny/answer.txt', '--reason', 'x')).stderr).toContain(
    'answer.txt is not protected: just change it',
  );
  for (const name of ['nope.txt', 'test/nope.test.js']) {
    expect((await propose(`envs/tiny/${name}`, '--reason', 'x')).stderr).toContain(`there is no file ${name}`);
  }
  expect((await propose('envs/tiny/task.ts', '--reason', 'x')).stderr).toMatch(/task\.ts is as it is in main@/);
  expect(await propose('envs/tiny/check.sh')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('say why'),
  });
  expect((await gym(folder.path, ['review'])).stdout).toBe('there are no proposals\n');
});

test.skipIf(!hasTerminal)(
  'a proposed task file has to load, is not said to pass untried, and is named where it broke the task',
  async () => {
    using folder = checkout();
    folder.git('checkout', '-q', '--', 'envs/tiny/check.sh');
    const file = 'envs/tiny/task.ts';
    const propose = async (path: string, content: string) => {
      folder.write('draft', content);
      const { exitCode, stdout, stderr } = await gym(folder.path, [
        'propose',
        path,
        '--from',
        'draft',
        '--reason',
        'x',
      ]);
      return { exitCode, stderr, id: /^proposal (\w{4})/.exec(stdout)?.[1] ?? '' };
    };
    const good = readFileSync(join(folder.path, file), 'utf8');
    const broken = good.replace('export default', 'export defau lt');
    expect(await propose(file, broken)).toMatchObject({
      ...{ exitCode: 2, id: '', stderr: expect.stringMatching(/envs\/tiny\/task\.ts:\d+: .*could not be loaded/) },
    });

    const first = await propose(file, good.replace('sh check.sh', 'false'));
    const second = await propose('envs/tiny/check.sh', 'exit 0\n');
    const third = await propose('envs/tiny/check.sh', 'exit 0 # again\n');
    const { stdout } = await gym(folder.path, ['verify', 'tiny', '--for', 'agent']);
    expect(stdout).toContain(`(check.sh) waits for a person; with it, ${third.id}: pass, all stages pass\n`);
    expect(stdout).toContain(`(check.sh) waits for a person; with it, ${second.id}: pass, all stages pass\n`);
    expect(stdout).toContain('… 1 more proposal: gym review\n');
    const tried = verdictSchema.parse(JSON.parse((await gym(folder.path, ['verify', 'tiny', '--json'])).stdout));
    expect(tried.proposals?.find(({ id }) => id === first.id)?.came).toEqual({
      ...{ state: 'unknown', because: 'it changes the task itself: tried once it is accepted' },
    });

    const stored = join(folder.path, '.gym/proposals', `${first.id}.json`);
    const proposal = JSON.parse(readFileSync(stored, 'utf8'));
    const files = [{ ...proposal.files[0], content: Buffer.from(broken).toString('base64') }];
    writeFileSync(stored, JSON.stringify({ ...proposal, files }));
    const refused = atTerminal(folder.path, 'review', first.id, '--accept');
    expect(refused).toMatchObject({ exitCode: 2, said: expect.stringContaining(`gym review ${first.id} --reject`) });
    writeFileSync(stored, JSON.stringify({ ...proposal, files, state: 'accepted' }));
    for (const command of ['verify', 'why']) {
      const { exitCode, stderr } = await gym(folder.path, [command, 'tiny']);
      expect(exitCode).toBe(2);
      expect(stderr).toContain(`accepted proposal ${first.id} has it; to undo it: gym review ${first.id} --reject`);
    }
    writeFileSync(stored, JSON.stringify({ ...proposal, state: 'accepted' }));
    const accepted = await gym(folder.path, ['verify', 'tiny', '--for', 'agent']);
    expect(accepted.stdout).toContain(`restored 1 protected file from accepted proposal ${first.id}: task.ts`);
    expect(accepted.stdout).toContain('fail answer: ');
  },
);
