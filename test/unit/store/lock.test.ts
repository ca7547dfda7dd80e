import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { lockHolder, tryLock, waitForLock } from '../../../gym/store/lock.ts';
import { ownerOf, thisOwner } from '../../../gym/store/owner.ts';
import { temporaryFolder } from '../../support/repository.ts';

const never = { limitMs: 0, signal: new AbortController().signal, onWait: () => undefined };

function folder(): string {
  const made = temporaryFolder();
  onTestFinished(() => made[Symbol.dispose]());
  return made.path;
}

const source = join(import.meta.dirname, '../../../gym/store/lock.ts');
const run = (code: string) =>
  execa(process.execPath, ['--no-warnings', '--input-type=module', '--eval', code], { reject: false });

test('is had by one at a time, and by the next when it is released', async () => {
  const at = folder();
  const first = tryLock(at, 'a.lock');
  if (!('lock' in first)) throw new Error('it is taken');
  expect(first.lock.tookOver).toBe(false);
  expect(tryLock(at, 'a.lock')).toEqual({ holder: thisOwner() });
  expect(lockHolder(at, 'a.lock')).toBe(thisOwner());
  expect('lock' in tryLock(at, 'b.lock')).toBe(true);
  const heard: string[] = [];
  const second = waitForLock(at, 'a.lock', { ...never, limitMs: 5_000, onWait: (holder) => heard.push(holder) });
  first.lock.release();
  expect('lock' in (await second)).toBe(true);
  expect(heard).toEqual([thisOwner()]);
  expect(await waitForLock(at, 'a.lock', never)).toEqual({ holder: thisOwner() });
});

test('is taken over from a process that was killed, whose file goes', async () => {
  const at = folder();
  await run(`import { tryLock } from '${source}'; tryLock('${at}', 'a.lock'); process.kill(process.pid, 'SIGKILL');`);
  expect(readdirSync(at)).toEqual(['a.lock.1']);
  expect(lockHolder(at, 'a.lock')).toBeUndefined();
  const taken = tryLock(at, 'a.lock');
  expect(taken).toMatchObject({ lock: { tookOver: true } });
  expect(readdirSync(at)).toEqual(['a.lock.2']);
});

test('two that meet: the earlier file holds', () => {
  const at = folder();
  // As after a look at files that have gone since.
  writeFileSync(join(at, 'a.lock.7'), ownerOf(process.pid) ?? '');
  expect(tryLock(at, 'a.lock')).toEqual({ holder: thisOwner() });
});

test('of many processes each has it alone, with kills in between', async () => {
  const at = folder();
  const code = `
    import { existsSync, rmSync, writeFileSync } from 'node:fs';
    import { setTimeout as sleep } from 'node:timers/promises';
    import { waitForLock } from '${source}';
    const inside = '${join(at, 'inside')}';
    for (let round = 0; round < 5; round += 1) {
      const taken = await waitForLock('${at}', 'a.lock', { limitMs: 20000, signal: new AbortController().signal, onWait() {} });
      if (!('lock' in taken)) process.exit(3);
      if (existsSync(inside) && !taken.lock.tookOver) process.exit(4);
      writeFileSync(inside, '');
      await sleep(5 * Math.random());
      if (Math.random() < 0.1) process.kill(process.pid, 'SIGKILL');
      rmSync(inside);
      taken.lock.release();
    }`;
  const ends = await Promise.all(Array.from({ length: 6 }, () => run(code)));
  expect(ends.filter(({ exitCode, signal }) => exitCode !== 0 && signal !== 'SIGKILL')).toEqual([]);
});
