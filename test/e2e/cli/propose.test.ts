import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { verdictSchema } from '../../../gym/judge/verdict.ts';
import { commit, tinyCheckout } from '../../support/gym/checkout.ts';
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

test('what is not protected, or as it was, is not proposed; without a reason nothing is', async () => {
  using folder = checkout();
  const propose = (...args: string[]) => gym(folder.path, ['propose', ...args]);
  expect((await propose('envs/tiny/answer.txt', '--reason', 'x')).stderr).toContain(
    'answer.txt is not protected: just change it',
  );
  expect((await propose('envs/tiny/task.ts', '--reason', 'x')).stderr).toMatch(/task\.ts is as it is in main@/);
  expect(await propose('envs/tiny/check.sh')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('say why'),
  });
  expect((await gym(folder.path, ['review'])).stdout).toBe('there are no proposals\n');
});
