import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { box, tinyCheckout } from '../../support/gym/checkout.ts';
import { leftOf } from '../../support/gym/engine.ts';
import { gym, program, startGym } from '../../support/gym/program.ts';

const talker = `${box}  talker:
    image: debian:bookworm-slim
    command: [sh, -c, "i=0; while true; do i=$$((i+1)); echo line $$i; sleep 0.05; done"]
    init: true
`;
const checkout = tinyCheckout({ services: talker });
const run = (...args: string[]) => gym(checkout.path, args);

/** Runs a line of shell in which `"$0" "$1"` is gym. */
async function inShell(line: string): Promise<{ stdout: string; stderr: string }> {
  const { stdout, stderr } = await execa('sh', ['-c', line, process.execPath, program], {
    cwd: checkout.path,
    stripFinalNewline: false,
    timeout: 20_000,
  });
  return { stdout, stderr };
}

describe('an environment that is kept', () => {
  beforeAll(async () => {
    expect((await run('up')).exitCode).toBe(0);
  });
  afterAll(async () => {
    expect((await run('down', '--wait')).exitCode).toBe(0);
    expect(leftOf(checkout.path)).toEqual([]);
  });

  test('is up already the second time', async () => {
    expect(await run('up')).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('tiny is up already') });
  });

  test('is listed with its services', async () => {
    const { stdout } = await run('ps');
    expect(stdout).toMatch(/^TASK +SERVICE +STATE/);
    expect(stdout).toMatch(/^tiny +box +running/m);
    expect(stdout).toMatch(/^tiny +talker +running/m);
  });

  test('runs commands, with their output, their input and their exit code', async () => {
    expect(await run('exec', 'box', 'sh', '-c', 'echo out; echo err >&2; exit 7')).toMatchObject({
      exitCode: 7,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect(await run('exec', 'box', 'no-such')).toMatchObject({
      exitCode: 127,
      stdout: '',
      stderr: 'box: "no-such": executable file not found in $PATH\n',
    });
    expect(await run('exec', 'box', '/etc/passwd')).toMatchObject({
      exitCode: 126,
      stdout: '',
      stderr: 'box: "/etc/passwd": permission denied\n',
    });
    expect(await run('exec', 'box', 'echo', 'OCI runtime')).toMatchObject({ exitCode: 0, stdout: 'OCI runtime\n' });
    const piped = await inShell('echo from the outside | "$0" "$1" exec box cat');
    expect(piped).toEqual({ stdout: 'from the outside\n', stderr: '' });
  });

  test('leaves no command behind that was interrupted', async () => {
    const running = startGym(checkout.path, ['exec', 'box', 'sleep', '4321']);
    const sleeps = async (): Promise<string> =>
      (await run('exec', 'box', 'sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "')).stdout;
    while (!/sleep 4321/.test(await sleeps())) await sleep(50);
    running.child.kill('SIGINT');
    expect((await running.end).exitCode).toBe(130);
    expect(await sleeps()).not.toMatch(/sleep 4321/);
  });

  test('gives the log of a service, the end of it, and with the services before the lines', async () => {
    expect((await run('logs', 'talker')).stdout).toMatch(/^line 1\nline 2\n/);
    expect((await run('logs', 'talker', '-n', '2')).stdout.trim().split('\n')).toHaveLength(2);
    expect((await run('logs')).stdout).toMatch(/^talker \| line 1$/m);
    expect(await run('logs', 'nobody')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('box, talker') });
  });

  test('is the one of a task that is named in any way, and a service that is not there is met with the one that was meant', async () => {
    for (const task of ['tiny', 'envs/tiny']) {
      expect((await run('logs', 'talker', '-n', '1', '-t', task)).stdout).toMatch(/^line \d+\n$/);
    }
    for (const words of [
      ['exec', 'bxo', 'true'],
      ['logs', 'bxo'],
    ]) {
      expect(await run(...words)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Did you mean box?') });
    }
  });

  test('ends quietly when nobody reads its log any more', async () => {
    const { stdout, stderr } = await inShell('"$0" "$1" logs -f talker | head -n 1');
    expect(stdout).toBe('line 1\n');
    expect(stderr).toBe('');
  });
});
