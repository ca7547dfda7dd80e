import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';

const module = join(import.meta.dirname, '../../../gym/cli/interruption.ts');
/** A process that says when it listens and when it was interrupted, and ends by itself after that when told so. */
const program = `
  import { interruption } from '${module}';
  const { signal, exitCode, stop } = interruption(process);
  const keep = setInterval(() => {}, 1000);
  signal.addEventListener('abort', () => {
    process.stdout.write('aborted: ' + signal.reason.message + '\\n');
    if (process.argv[1] === 'ends') setTimeout(() => { stop(); clearInterval(keep); process.exitCode = exitCode(); }, 50);
  });
  process.stdout.write('listening\\n');`;

async function start(how: 'ends' | 'hangs'): Promise<{ child: ChildProcess; output: () => string }> {
  const args = ['--no-warnings', '--input-type=module-typescript', '--eval', program, '--', how];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (text += data.toString()));
  while (!text.includes('listening')) await sleep(10);
  return { child, output: () => text };
}

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s aborts, and the exit code says so', async (signal, code) => {
  const { child, output } = await start('ends');
  child.kill(signal);
  // The second one of npm, at once.
  child.kill(signal);
  expect(await once(child, 'exit')).toEqual([code, null]);
  expect(output()).toBe(`listening\naborted: interrupted by ${signal}\n`);
});

test('a second signal after a second ends what hangs', async () => {
  const { child, output } = await start('hangs');
  child.kill('SIGINT');
  await sleep(200);
  child.kill('SIGINT');
  await sleep(900);
  expect(child.exitCode).toBeNull();
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([143, null]);
  expect(output()).toContain('stopped at once; the next gym command removes what was left');
});
