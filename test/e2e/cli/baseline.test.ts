import { execFileSync } from 'node:child_process';
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Verdict, verdictSchema } from '../../../gym/judge/verdict.ts';
import { commit, tinyCheckout, writeTask } from '../../support/gym/checkout.ts';
import { gym } from '../../support/gym/program.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/repository.ts';

/** A task whose one stage asks a script for what it thinks of `answer.txt`. */
function checkout(): TemporaryFolder {
  const folder = tinyCheckout({ stages: [{ name: 'answer', command: 'sh check.sh' }] });
  folder.write('envs/tiny/check.sh', 'grep -q 42 answer.txt\n');
  folder.write('envs/tiny/answer.txt', '41\n');
  commit(folder);
  return folder;
}

async function verify(folder: string, ...args: string[]): Promise<Verdict & { stderr: string }> {
  const end = await gym(folder, ['verify', 'tiny', '--json', ...args]);
  try {
    return { ...verdictSchema.parse(JSON.parse(end.stdout)), stderr: end.stderr };
  } catch {
    throw new Error(`${end.stdout}\n${end.stderr}`);
  }
}

test('what judges is that of the default branch, and the first lines say what was restored and the way out', async () => {
  using folder = checkout();
  const main = folder.git('rev-parse', 'main').trim().slice(0, 7);
  folder.git('checkout', '-qb', 'work');
  folder.write('envs/tiny/check.sh', 'exit 0\n');
  commit(folder);
  // Not committed: the task file asks for nothing any more, the Compose file has another service, a test and a runner's settings are new.
  folder.write('envs/tiny/task.ts', "throw new Error('this file is never read')\n");
  folder.write('envs/tiny/compose.yaml', 'services:\n  other:\n    build: ./nowhere\n');
  folder.write('envs/tiny/new.test.ts', '');
  folder.write('envs/tiny/vitest.config.ts', '');
  folder.git('update-index', '--assume-unchanged', 'envs/tiny/check.sh');

  const { exitCode, stdout } = await gym(folder.path, ['verify', 'tiny']);
  expect(exitCode).toBe(1);
  const [first, second] = stdout.split('\n');
  expect(first).toMatch(/^FAIL tiny/);
  expect(second).toBe(
    `restored 4 protected files from main@${main}: check.sh, compose.yaml, task.ts, vitest.config.ts; by your own: gym verify tiny --baseline .`,
  );

  folder.write('envs/tiny/answer.txt', '42\n');
  const passed = await gym(folder.path, ['verify', 'tiny']);
  expect(passed.stdout.split('\n')).toEqual([expect.stringMatching(/^PASS tiny: /), second, 'PASS tiny', '']);
  expect(await verify(folder.path, '--baseline', 'work')).toMatchObject({
    state: 'pass',
    workspace: { restored: ['compose.yaml', 'task.ts', 'vitest.config.ts'] },
  });

  folder.git('checkout', '-q', 'HEAD', '--', 'envs/tiny/task.ts', 'envs/tiny/compose.yaml');
  folder.write('envs/tiny/answer.txt', '41\n');
  expect(await verify(folder.path, '--baseline', '.')).toMatchObject({ state: 'pass', workspace: { restored: [] } });
});

test('a module that the task file imports is that of the baseline too, also from outside of its folder', async () => {
  using folder = checkout();
  folder.write('shared/stages.ts', "export const command = 'sh check.sh';\n");
  const source = (command: string) =>
    `import { defineTask } from 'devgym';\nimport { command } from '../../shared/stages.ts';\nexport default defineTask({ name: 'tiny', instruction: 'TASK.md', compose: 'compose.yaml', stages: [{ name: 'answer', command: ${command} }] });\n`;
  folder.write('envs/tiny/task.ts', source('command'));
  commit(folder);
  folder.write('shared/stages.ts', "export const command = 'true';\n");
  expect((await verify(folder.path)).state).toBe('fail');
  rmSync(join(folder.path, 'shared/stages.ts'));
  expect((await verify(folder.path)).state).toBe('fail');
});

test('where there is nothing to go back to the workspace is its own baseline, which is said', async () => {
  using plain = temporaryFolder();
  writeTask(plain, { stages: [{ name: 'answer', command: 'sh check.sh' }] });
  plain.write('envs/tiny/check.sh', 'exit 0\n');
  const none = await verify(plain.path);
  expect(none).toMatchObject({ state: 'pass', workspace: { restored: [] } });
  expect(none.stderr).toContain('the workspace is its own baseline: it is in no git repository');

  plain.git('init', '-q', '-b', 'main');
  expect((await verify(plain.path)).stderr).toContain('its own baseline: there is no commit yet');

  using folder = checkout();
  renameSync(join(folder.path, 'envs/tiny'), join(folder.path, 'envs/tinier'));
  folder.write('envs/tinier/check.sh', 'exit 0\n');
  const moved = await verify(folder.path);
  expect(moved.state).toBe('pass');
  expect(moved.stderr).toMatch(/its own baseline: main@\w{7} has no such task/);
});

test('without a default branch, and in a shallow checkout of a build machine, HEAD is the baseline', async () => {
  using folder = checkout();
  using clone = temporaryFolder();
  execFileSync('git', ['clone', '-q', '--depth=1', `file://${folder.path}`, join(clone.path, 'ci')]);
  const ci = join(clone.path, 'ci');
  execFileSync('git', ['checkout', '-q', '--detach'], { cwd: ci });
  for (const branch of [
    ['branch', '-D', 'main'],
    ['branch', '-rd', 'origin/HEAD', 'origin/main'],
  ]) {
    execFileSync('git', branch, { cwd: ci, stdio: 'ignore' });
  }
  clone.write('ci/envs/tiny/check.sh', 'exit 0\n');
  const judged = await verify(ci);
  expect(judged).toMatchObject({ state: 'fail', workspace: { restored: ['check.sh'] } });
  expect(judged.stderr).toMatch(
    /where HEAD and the default branch parted is not known, so protected files are those of HEAD@/,
  );
});
