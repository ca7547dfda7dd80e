import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { runsOf } from '../../support/gym/checkout.ts';
import { gym } from '../../support/gym/program.ts';
import { countCheckout, path } from '../../support/hooks.ts';
import { temporaryFolder } from '../../support/repository.ts';

/** Runs a command as a hook or a person would, with the gym that is installed in the checkout. */
const run = (cwd: string, command: readonly string[], input = '', env: Record<string, string> = {}) => {
  const [file = '', ...args] = command;
  return execa(file, args, { cwd, input, env: { PATH: path, ...env }, reject: false, all: true });
};

test('hooks are installed for a task, listed, and removed without a trace', async () => {
  using folder = countCheckout(2);
  const { path: top } = folder;
  folder.write('.claude/settings.json', '{"model": "opus"}\n');
  folder.git('add', '-A');
  folder.git('commit', '-qm', 'settings');
  const install = await gym(top, ['hooks', 'install', 'claude', 'count']);
  expect(install.stdout).toMatch(/^claude: installed in \.claude\/settings\.json\n.*trust/);
  expect((await gym(top, ['hooks', 'install', 'claude', 'count'])).stdout).toMatch(/^claude: was installed already/);
  for (const name of ['codex', 'gemini', 'git']) expect((await gym(top, ['hooks', 'install', name])).exitCode).toBe(0);
  expect((await gym(top, ['hooks'])).stdout.trimEnd().split('\n')).toEqual([
    expect.stringMatching(/^claude +Stop, PostToolUse, PreToolUse +\.claude\/settings\.json +task envs\/tiny$/),
    expect.stringMatching(/^codex +Stop, PostToolUse, PreToolUse +\.codex\/hooks\.json +task envs\/tiny$/),
    expect.stringMatching(/^gemini +AfterAgent, AfterTool, BeforeTool +\.gemini\/settings\.json +task envs\/tiny$/),
    expect.stringMatching(/^git +pre-commit +\.git\/hooks\/pre-commit$/),
    expect.stringMatching(/^git +pre-push +\.git\/hooks\/pre-push$/),
  ]);
  // An hour for the turn, and a minute for its end.
  expect(JSON.parse(readFileSync(join(top, '.claude/settings.json'), 'utf8')).hooks.Stop[0].hooks[0].timeout).toBe(
    3660,
  );
  for (const name of ['claude', 'codex', 'gemini', 'git']) {
    expect((await gym(top, ['hooks', 'uninstall', name])).stdout).toContain(`${name}: removed`);
  }
  expect(folder.git('status', '--short')).toBe('');
  expect(readdirSync(top)).not.toContain('.codex');
  expect((await gym(top, ['hooks'])).stdout.match(/not installed/g)).toHaveLength(4);
});

test('a settings file that is broken is told with its line and left as it is', async () => {
  using folder = countCheckout(2);
  folder.write('.claude/settings.json', '{\n  "hooks": {,}\n}\n');
  const { exitCode, stderr } = await gym(folder.path, ['hooks', 'install', 'claude']);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/settings\.json:2: not valid JSON/);
  expect(readFileSync(join(folder.path, '.claude/settings.json'), 'utf8')).toBe('{\n  "hooks": {,}\n}\n');

  await gym(folder.path, ['hooks', 'install', 'codex']);
  const listed = await gym(folder.path, ['hooks']);
  expect(listed).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('.claude/settings.json:2: not valid JSON'),
  });
  expect(listed.stdout).toMatch(
    /^claude +cannot be read +\.claude\/settings\.json\ncodex +Stop, .*\ngemini +not installed\ngit +not/,
  );
});

test('a hook that cannot do its work, one in a loop of gym, and one of a plan hold nobody up', async () => {
  using folder = countCheckout(2);
  const hook = ['node_modules/.bin/gym', 'hooks', 'run', 'claude', 'envs/tiny'];
  const stop = JSON.stringify({ session_id: 's', prompt_id: 'p', cwd: folder.path, hook_event_name: 'Stop' });
  expect(await run(folder.path, hook, 'no JSON')).toMatchObject({ exitCode: 1, stdout: '' });
  expect(await run(folder.path, hook, stop, { GYM_RUN_ID: 'a loop' })).toMatchObject({ exitCode: 0, all: '' });
  const planning = stop.replace('{', '{"permission_mode":"plan",');
  expect(await run(folder.path, hook, planning)).toMatchObject({ exitCode: 0, all: '' });
  const engineless = await run(folder.path, hook, stop, { DOCKER_HOST: 'unix:///nowhere.sock' });
  expect(engineless.exitCode).toBe(0);
  expect(JSON.parse(engineless.stdout)).toEqual({
    systemMessage: expect.stringMatching(/could not be judged.*\nUNKNOWN count/),
  });
  // A Node.js that is too old for gym ends with 2, by which an agent would be held up.
  await gym(folder.path, ['hooks', 'install', 'claude']);
  const settings = JSON.parse(readFileSync(join(folder.path, '.claude/settings.json'), 'utf8'));
  const old = { PATH: `${join(folder.path, 'old')}:${path}`, CLAUDE_PROJECT_DIR: folder.path };
  folder.write('old/node', '#!/bin/sh\nexit 2\n');
  chmodSync(join(folder.path, 'old/node'), 0o755);
  const installed = ['sh', '-c', settings.hooks.Stop[0].hooks[0].command];
  expect((await run(folder.path, installed, stop, old)).exitCode).toBe(1);
  const none = await run(folder.path, [...hook.slice(0, -1), 'envs/none'], stop);
  expect(JSON.parse(none.stdout)).toEqual({ systemMessage: expect.stringContaining('there is no task envs/none') });
});

test('what the baseline has of the harness is guarded; a test that it does not have may be written and changed', async () => {
  using folder = countCheckout(2, { protected: [] });
  folder.write('envs/tiny/old.test.ts', 'old\n');
  folder.git('add', '-A');
  folder.git('commit', '-qm', 'a test');
  folder.write('envs/tiny/new.test.ts', 'new\n');
  const answerTo = async (file: string): Promise<string> => {
    const edit = { session_id: 's', cwd: folder.path, hook_event_name: 'PreToolUse', tool_name: 'Write' };
    const input = JSON.stringify({ ...edit, tool_input: { file_path: `envs/tiny/${file}` } });
    const hook = ['node_modules/.bin/gym', 'hooks', 'run', 'claude', 'envs/tiny'];
    return (await run(folder.path, hook, input)).stdout;
  };
  expect(await answerTo('old.test.ts')).toContain('gym propose envs/tiny/old.test.ts --from - --reason');
  expect(await answerTo('compose.yaml')).toContain('"permissionDecision":"deny"');
  for (const free of ['new.test.ts', 'newer.test.ts', 'n.txt']) expect(await answerTo(free)).toBe('');
});

test('a look at an edit gives up in silence before two seconds are over, and leaves nothing', async () => {
  const stubborn = `trap '' TERM; sleep 61.5 & wait; sleep 61.5`;
  using folder = countCheckout(2, { stages: [{ name: 'slow', command: stubborn, pure: true }] });
  const edited = JSON.stringify({
    session_id: 's',
    cwd: folder.path,
    hook_event_name: 'PostToolUse',
    tool_name: 'Write',
  });
  const hook = ['node_modules/.bin/gym', 'hooks', 'run', 'claude', 'envs/tiny'];
  const start = performance.now();
  expect(await run(folder.path, hook, edited)).toMatchObject({ exitCode: 0, all: '' });
  const tookMs = performance.now() - start;
  expect(tookMs).toBeGreaterThan(1_000);
  // The limit is on the hook's own clock; the rest is what a busy machine needs to start it.
  expect(tookMs).toBeLessThan(4_000);
  expect((await run('/', ['pgrep', '-f', 'sleep 61.5'])).stdout).toBe('');
  const again = performance.now();
  await run(folder.path, hook, edited);
  expect(performance.now() - again).toBeLessThan(tookMs);
  expect(readdirSync(join(folder.path, '.gym/hooks')).filter((name) => name.startsWith('edit-'))).toEqual([]);
});

test('git holds up a commit whose quick stages fail, and a push whose commit is not done, whatever is in the folder', async () => {
  using folder = countCheckout(2);
  using remote = temporaryFolder();
  remote.git('init', '-q', '--bare');
  folder.git('remote', 'add', 'origin', remote.path);
  const { path: top } = folder;
  const git = (...args: string[]) => run(top, ['git', ...args]);
  await gym(top, ['hooks', 'install', 'git']);

  folder.write('envs/tiny/n.txt', '1\n');
  expect(await git('commit', '-qam', 'one')).toMatchObject({ exitCode: 0 });
  folder.write('envs/tiny/n.txt', 'x\n');
  folder.git('add', '-A');
  folder.write('envs/tiny/n.txt', '1\n');
  const commit = await git('commit', '-qm', 'no number');
  expect(commit).toMatchObject({ exitCode: 1, all: expect.stringContaining('n.txt:1 is no number') });
  folder.git('reset', '-q', '--hard');
  folder.write('envs/tiny/a.test.ts', "test.only('adds up', () => expect(1 + 1).toBe(2));\n");
  folder.git('add', '-A');
  expect(await git('commit', '-qm', 'only')).toMatchObject({
    exitCode: 1,
    all: expect.stringContaining('fail guard-skips: '),
  });
  folder.git('rm', '-q', '-f', 'envs/tiny/a.test.ts');
  // Of -a git makes an index of its own: that is what is staged then.
  expect(await git('commit', '-qam', 'still one', '--allow-empty')).toMatchObject({ exitCode: 0 });

  folder.write('envs/tiny/n.txt', '0\n');
  const push = await git('push', '-q', 'origin', 'main');
  expect(push).toMatchObject({ exitCode: 1, all: expect.stringContaining('n is 1, want 0') });
  const head = folder.git('rev-parse', 'HEAD').slice(0, 12);
  expect(push.all).toContain(`again: git push\ngym: not pushed: commit ${head} does not pass as it is committed.`);
  expect(remote.git('branch')).toBe('');
  expect(await git('commit', '-qam', 'zero')).toMatchObject({ exitCode: 0 });
  folder.write('envs/tiny/n.txt', '7\n');
  expect(await git('push', '-q', 'origin', 'main')).toMatchObject({
    exitCode: 0,
    all: expect.stringContaining('PASS count'),
  });
  expect(remote.git('log', '-1', '--format=%s', 'main')).toBe('zero\n');
  const runs = runsOf(top).length;
  expect(await git('push', '-q', 'origin', ':main')).toMatchObject({ exitCode: 0 });
  expect(runsOf(top)).toHaveLength(runs);
  expect(existsSync(join(top, 'envs/tiny/.git'))).toBe(false);
});
