import { expect, it } from 'vitest';
import { inject } from '../../../gym/fault/inject.ts';
import { messageOf } from '../environment/support.ts';
import { duo, mustOk } from './support.ts';

const system = duo('resources');
const write = (path: string): string => `head -c 20000 /dev/zero > ${path} && echo written`;

it('a disk is full: on a volume, where the rest can be read, and on a small tmpfs', async () => {
  await system.shell('b', 'echo kept > /data/file');
  await using volume = await system.must({ kind: 'disk', service: 'b', path: '/data' });
  expect(volume.evidence[0]).toEqual({
    what: 'a write below /data',
    before: 'written',
    after: 'No space left on device',
  });
  expect(await system.shell('b', write('/data/new'))).toContain('No space left on device');
  expect(await system.shell('b', 'cat /data/file')).toBe('kept\n');
  expect(await system.shell('b', write('/tmp/new'))).toBe('written\n');
  expect((await system.clear(volume)).join()).toBe('b:/data has space again');
  expect(await system.shell('b', `${write('/data/new')}; ls -A /data; grep -c gym- /proc/self/mountinfo`)).toBe(
    'written\nfile\nnew\n0\n',
  );

  await using tmpfs = await system.must({ kind: 'disk', service: 'b', path: '/small' });
  expect(tmpfs.evidence[1]?.after).toBe('the tmpfs filled by a file');
  expect(await system.shell('b', write('/small/new'))).toContain('No space left on device');
  await system.clear(tmpfs);
  expect(await system.shell('b', `rm /small/new; ${write('/small/newer')}; ls -A /small`)).toBe('written\nnewer\n');
  // Who has a file open is not covered, and named.
  const holder = system.shell('b', 'cd /data && exec sleep 5');
  await expect.poll(() => system.shell('b', 'ls -l /proc/[0-9]*/cwd')).toContain('-> /data');
  await using held = await system.must({ kind: 'disk', service: 'b', path: '/data' });
  expect(held.evidence[2]).toMatchObject({
    what: 'processes with open files below /data',
    before: expect.stringMatching(/^\d+$/),
  });
  await holder;
  const wrong = await inject(system.place, { kind: 'disk', service: 'b', path: '/none' });
  expect(messageOf(wrong)).toBe('b: /none is no folder');
});

it('memory is limited, and the limit is lifted, or what it was', async () => {
  const allocate = 'node -e "console.log(Buffer.alloc(150 << 20, 1).length)"; echo $?';
  for (const service of ['a', 'c']) {
    expect(await system.shell(service, allocate)).toBe('157286400\n0\n');
    await using fault = await system.must({ kind: 'memory', service, limitBytes: 64 << 20 });
    expect(fault.evidence[0]?.after).toBe(`${64 << 20} bytes`);
    expect(await system.shell(service, allocate)).toContain('137\n');
    await system.clear(fault);
    expect(await system.shell(service, allocate)).toBe('157286400\n0\n');
  }
  await using higher = await system.must({ kind: 'memory', service: 'c', limitBytes: 500 << 20 });
  expect(higher.evidence[0]).toMatchObject({ before: `${400 << 20} bytes`, after: `${500 << 20} bytes` });
  await system.clear(higher);
  await using same = await system.must({ kind: 'memory', service: 'c', limitBytes: 64 << 20 });
  expect(same.evidence[0]?.before).toBe(`${400 << 20} bytes`);
  // Node.js alone holds more.
  const tooLow = await inject(system.place, { kind: 'memory', service: 'b', limitBytes: 8 << 20 });
  expect(messageOf(tooLow)).toContain('memory');
  expect(await system.shell('b', 'echo alive')).toBe('alive\n');
});

it('the processor is limited, and the limit is lifted, or what it was', async () => {
  const heldBack = async (): Promise<number> => {
    await system.shell('a', 'i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done');
    return mustOk(await system.environment.stats('a')).throttledPeriods;
  };
  expect(await heldBack()).toBe(0);
  for (const [service, before] of [
    ['a', 'none'],
    ['c', '1.5 processors'],
  ] as const) {
    await using fault = await system.must({ kind: 'cpu', service, cpus: 0.1 });
    expect(fault.evidence[0]).toMatchObject({ before, after: '0.1 processors' });
    if (service === 'a') expect(await heldBack()).toBeGreaterThan(2);
    await system.clear(fault);
    await using again = await system.must({ kind: 'cpu', service, cpus: 0.5 });
    expect(again.evidence[0]).toMatchObject({ before, after: '0.5 processors' });
  }
});
