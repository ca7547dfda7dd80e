import { expect, it } from 'vitest';
import { inject, list } from '../../../gym/fault/inject.ts';
import { messageOf } from '../environment/support.ts';
import { duo, mustOk } from './support.ts';

const system = duo('process');

it('kill, stop and pause are seen by others, and mended', async () => {
  expect(await system.talk('a')).toMatchObject({ end: 'closed', bytes: 5 });
  await using kill = await system.must({ kind: 'kill', service: 'b' });
  expect(kill.evidence).toEqual([{ what: 'state', before: 'running', after: 'exited (137)' }]);
  expect((await system.talk('a')).end).toMatch(/ENOTFOUND|EAI_AGAIN|EHOSTUNREACH/);
  expect(mustOk(await list(system.place)).map(({ fault }) => fault.kind)).toEqual(['kill']);
  // What does not run cannot be stopped.
  expect(messageOf(await inject(system.place, { kind: 'stop', service: 'b' }))).toContain(
    'b does not run: exited (137)',
  );
  const said = await system.clear(kill);
  expect(said.join()).toMatch(/^b started; published: 127\.0\.0\.1:\d+->7000\/tcp$/);
  await expect.poll(() => system.talk('a')).toMatchObject({ end: 'closed', bytes: 5 });
  expect(mustOk(await list(system.place))).toEqual([]);

  await using stop = await system.must({ kind: 'stop', service: 'b' });
  expect(stop.evidence).toEqual([{ what: 'state', before: 'running', after: 'exited (143)' }]);
  expect((await system.talk('a')).end).not.toBe('closed');
  await system.clear(stop);
  await expect.poll(() => system.talk('a')).toMatchObject({ end: 'closed' });

  await using pause = await system.must({ kind: 'pause', service: 'b' });
  expect(pause.evidence).toEqual([{ what: 'state', before: 'running', after: 'paused' }]);
  // The kernel accepts, nobody answers.
  expect(await system.talk('a', { limitMs: 500 })).toMatchObject({ end: 'silent', bytes: 0 });
  await system.clear(pause);
  expect(await system.talk('a')).toMatchObject({ end: 'closed', bytes: 5 });
});

it('restart leaves nothing to mend', async () => {
  await using restart = await system.must({ kind: 'restart', service: 'b' });
  const [started, process] = restart.evidence;
  expect(started?.before).not.toBe(started?.after);
  expect(process?.before).not.toBe(process?.after);
  expect(mustOk(await list(system.place))).toEqual([]);
  await expect.poll(() => system.talk('a')).toMatchObject({ end: 'closed', bytes: 5 });
});

it('says what is wrong with a fault that does not fit', async () => {
  const said = async (fault: Parameters<typeof inject>[1]): Promise<string> =>
    messageOf(await inject(system.place, fault));
  expect(await said({ kind: 'kill', service: 'e' })).toBe('there is no service e');
  expect(await said({ kind: 'clock', service: 'b', offsetMs: 1000 })).toMatch(/not possible here: Linux has one wall/);
  expect(messageOf(await inject({ ...system.place, project: 'gymfault-none' }, { kind: 'kill', service: 'b' }))).toBe(
    'there is no environment gymfault-none',
  );
});
