import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { watchdogsOf } from '../../integration/reliability/support.ts';
import { tinyCheckout } from '../../support/gym/checkout.ts';
import { leftOf } from '../../support/gym/engine.ts';
import { gym, repository } from '../../support/gym/program.ts';

const echo =
  "require('node:net').createServer({ allowHalfOpen: true }, (socket) => socket.on('error', () => {}).pipe(socket)).listen(7000)";
const services = `services:
  box:
    image: node:24-bookworm-slim
    command: [sleep, infinity]
    init: true
  echo:
    image: node:24-bookworm-slim
    command: [node, -e, "${echo}"]
    init: true
    healthcheck: { test: [CMD, node, -e, "require('net').connect(7000, '127.0.0.1', () => process.exit(0))"] }
`;
const measure =
  "const t = performance.now(); const s = require('net').connect(7000, 'echo', () => s.write('x')); s.on('data', () => { console.log(Math.round(performance.now() - t)); process.exit(); });";

test('gym fault: injected, seen, listed, cleared, and gone with the environment', async () => {
  using checkout = tinyCheckout({ services });
  const run = (...args: string[]) => gym(checkout.path, args);
  const early = await run('fault', 'list');
  expect(early).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('no environment is up here') });
  try {
    expect((await run('up')).exitCode).toBe(0);
    const roundTripMs = async (): Promise<number> => Number((await run('exec', 'box', 'node', '-e', measure)).stdout);
    expect(await run('fault', 'list')).toMatchObject({ exitCode: 0, stdout: '', stderr: 'there are no faults\n' });

    const injected = await run('fault', 'inject', 'latency', 'echo:7000', '--from', 'box', '--ms', '250');
    expect(injected).toMatchObject({ exitCode: 0, stderr: '' });
    const [head, activated, ...evidence] = injected.stdout.trim().split('\n');
    expect(head).toMatch(/^latency-echo-[0-9a-f]{4}: latency of 250 ms from box to echo:7000$/);
    expect(activated).toBe('activated: yes');
    expect(evidence.join('\n')).toMatch(
      /an empty connection from box to echo:7000: closed after \d+\.\d ms -> closed after (2[5-9]|[3-9]\d)\d\.\d ms/,
    );
    // It stays when the gym that injected it has ended.
    expect(await roundTripMs()).toBeGreaterThanOrEqual(250);
    const listed = await run('fault', 'list');
    expect(listed.stdout).toMatch(
      /latency-echo-\S+ +latency of 250 ms .* 1 connection, 0 reset, 1 bytes there, 1 back/,
    );
    const json = JSON.parse((await run('fault', 'list', '--json')).stdout);
    expect(json).toMatchObject([{ fault: { kind: 'latency' }, held: 'kept', traffic: { toTargetBytes: 1 } }]);
    const id = String(head).split(':')[0] ?? '';
    expect(await run('fault', 'clear', id)).toMatchObject({
      exitCode: 0,
      stderr: 'names lead where they did for box\n',
    });
    expect(await roundTripMs()).toBeLessThan(200);
    expect(await run('fault', 'clear', id)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(id) });

    const killed = await run('fault', 'inject', 'kill', 'echo', '--json');
    expect(JSON.parse(killed.stdout)).toMatchObject({
      activated: true,
      evidence: [{ what: 'state', before: 'running', after: 'exited (137)' }],
    });
    const clock = await run('fault', 'inject', 'clock', 'box', '--offset-ms', '1000');
    expect(clock).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('is not possible here') });
    expect(await run('fault', 'inject', 'count', 'echo')).toMatchObject({ exitCode: 2 });
    expect(await run('fault', 'mend')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('mend') });
  } finally {
    expect((await run('down', '--wait')).exitCode).toBe(0);
  }
  expect(leftOf(checkout.path)).toEqual([]);
  // The notes of an environment that is gone do no harm to the next.
  try {
    expect((await run('up')).exitCode).toBe(0);
    expect((await run('fault', 'list')).stderr).toBe('there are no faults\n');
  } finally {
    await run('down', '--wait');
  }
});

test('what a program held that was killed, its watchdog too, is undone by the next gym ps', async () => {
  using checkout = tinyCheckout({ services });
  const run = (...args: string[]) => gym(checkout.path, args);
  try {
    expect((await run('up')).exitCode).toBe(0);
    const [{ project }] = JSON.parse((await run('ps', '--json')).stdout);
    const program = join(repository, 'test/integration/fault/injecting.ts');
    const fault = JSON.stringify({ kind: 'pause', service: 'echo' });
    const child = spawn(process.execPath, [program, project, fault], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = await once(child.stdout, 'data');
    expect(String(said)).toMatch(/^injected pause-echo-/);
    expect((await run('ps')).stdout).toMatch(/echo +paused/);
    const ended = once(child, 'exit');
    for (const pid of watchdogsOf(child.pid)) process.kill(pid, 'SIGKILL');
    child.kill('SIGKILL');
    await ended;
    const after = await run('ps');
    expect(after.stderr).toMatch(/^pause-echo-\w+ was left by a gym that is gone: cleared$/m);
    expect(after.stdout).toMatch(/echo +running/);
  } finally {
    await run('down', '--wait');
  }
  expect(leftOf(checkout.path)).toEqual([]);
});
