import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { tinyCheckout } from '../../support/gym/checkout.ts';
import { gym, startGym } from '../../support/gym/program.ts';

/** An exercise: the start state takes a word out of a note, which the solution puts back. */
function exercise() {
  const checkout = tinyCheckout({
    stages: [{ name: 'note', command: 'sh check.sh' }],
    protected: ['task.ts', 'compose.yaml', 'check.sh'],
  });
  onTestFinished(() => checkout[Symbol.dispose]());
  checkout.write('envs/tiny/check.sh', 'grep -q done note.txt\n');
  checkout.write('envs/tiny/note.txt', 'done\n');
  const patch = (from: string, to: string) => `--- a/note.txt\n+++ b/note.txt\n@@ -1 +1 @@\n-${from}\n+${to}\n`;
  checkout.write('envs/tiny/start/01.patch', patch('done', 'to do'));
  checkout.write('envs/tiny/solution/01.patch', patch('to do', 'done'));
  checkout.write('envs/tiny/faults/undone.patch', `Caught-by: note\n\n${patch('done', 'broken')}`);
  checkout.git('add', '-A');
  checkout.git('commit', '-qm', 'an exercise');
  return checkout;
}

test('the solution comes to done; nothing else does, and a gym that was killed leaves nothing to the next', async () => {
  const checkout = exercise();
  const proofs = join(checkout.path, '.gym/proofs');
  const loops = () => (existsSync(proofs) ? readdirSync(proofs).filter((name) => name.startsWith('loop-')) : []);
  const killed = startGym(checkout.path, ['prove', 'tiny']);
  for (let tries = 0; loops().length === 0 && tries < 600; tries += 1) await sleep(50);
  if (loops().length !== 1) throw new Error((await killed.end).stderr);
  killed.child.kill('SIGKILL');
  await killed.end;

  const { stdout, exitCode } = await gym(checkout.path, ['prove', 'tiny']);
  expect(stdout).toMatch(/solution +is done/);
  expect(stdout).toMatch(/start-state +is not done/);
  expect(stdout).toMatch(/rewires-tests +is not done/);
  expect(stdout).toContain('PROVEN  tiny: 1 of 1 gate can fail');
  expect(exitCode).toBe(0);
  expect(loops()).toEqual([]);
  expect(checkout.git('branch', '--list', 'gym/*')).toBe('');
  expect(checkout.git('worktree', 'list').trim().split('\n')).toHaveLength(1);
});
