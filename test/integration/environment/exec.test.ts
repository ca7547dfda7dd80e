import { describe, expect, it } from 'vitest';
import { bench, docker, run } from './support.ts';

const gym = bench();
const sleeper = 'services: {a: {image: "debian:bookworm-slim", init: true, command: [sleep, "1000"]}}';
// A command with children, one of them in a process group of its own.
const family = ['sh', '-c', 'sleep 4321 & set -m; sleep 4321 & echo started; wait'];

function sleepers(project: string): string {
  return docker(
    'exec',
    `${project}-a`,
    'sh',
    '-c',
    'cat /proc/[0-9]*/cmdline | tr "\\0" " " | grep -o "sleep 432[1]" || true',
  );
}

describe('exec', () => {
  it('kills all of a command that takes too long', async () => {
    const environment = await gym.mustUp(sleeper);
    const { outcome, out } = await run(environment, 'a', family, { timeoutMs: 500 });
    expect(outcome.kind).toBe('timed-out');
    expect(outcome.durationMs).toBeGreaterThan(490);
    expect(outcome.durationMs).toBeLessThan(3000);
    expect(out).toBe('started\n');
    expect(sleepers(environment.project)).toBe('');
  });

  it('kills all of a command that is aborted, of another user too', async () => {
    const environment = await gym.mustUp(sleeper);
    const { outcome } = await run(environment, 'a', family, { signal: AbortSignal.timeout(300), user: 'nobody' });
    expect(outcome.kind).toBe('aborted');
    expect(sleepers(environment.project)).toBe('');
    expect((await run(environment, 'a', ['true'], { signal: AbortSignal.abort() })).outcome.kind).toBe('aborted');
  });

  it('streams large outputs whole, and tells both streams apart', async () => {
    const environment = await gym.mustUp(sleeper);
    const script = 'i=0; while [ $i -lt 5000 ]; do i=$((i+1)); echo "out $i"; echo "err $i" >&2; done';
    const { out, err, outcome } = await run(environment, 'a', ['sh', '-c', script]);
    expect(outcome).toMatchObject({ kind: 'exited', exitCode: 0 });
    expect([out.split('\n').length, err.split('\n').length]).toEqual([5001, 5001]);
    expect(out.startsWith('out 1\n') && out.endsWith('out 5000\n')).toBe(true);
  });

  it('gives the exit codes of programs that cannot be run', async () => {
    const environment = await gym.mustUp(sleeper);
    const { outcome, err } = await run(environment, 'a', ['no-such-program']);
    expect(outcome).toMatchObject({ kind: 'exited', exitCode: 127 });
    expect(err).toMatch(/no-such-program: not found/);
    expect((await run(environment, 'a', ['true'], { user: 'nobody-at-all' })).outcome).toMatchObject({
      kind: 'exited',
      exitCode: 126,
    });
  });

  it('is lost when its service is killed, and says so of one that is dead', async () => {
    const environment = await gym.mustUp(sleeper);
    setTimeout(() => docker('kill', `${environment.project}-a`), 300);
    const { outcome } = await run(environment, 'a', ['sleep', '1000']);
    expect(outcome).toMatchObject({ kind: 'lost', because: 'service a is not running: it ended with exit code 137' });
    expect((await run(environment, 'a', ['true'])).outcome).toMatchObject({ kind: 'lost' });
  });

  it('is not lost when only the command is killed', async () => {
    const environment = await gym.mustUp(sleeper);
    const { outcome } = await run(environment, 'a', ['sh', '-c', 'kill -9 $$']);
    expect(outcome).toMatchObject({ kind: 'exited', exitCode: 137 });
  });
});
