import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, test } from 'vitest';
import { type OwnerState, ownerOf, ownerState, ownersHere, pidOf, thisOwner } from '../../../gym/store/owner.ts';

const [host = '', pid = '', start = ''] = thisOwner().split(':');
const [machine = '', boot = '', namespace = ''] = host.split('.');

describe('an owner', () => {
  it('is this process, by its number as seen from here', () => {
    expect(thisOwner()).toBe(ownerOf(process.pid));
    expect(thisOwner().startsWith(ownersHere())).toBe(true);
    expect(pidOf(thisOwner())).toBe(process.pid);
    expect(pidOf('somebody')).toBeUndefined();
  });

  it('lives as long as its process', async () => {
    const child = spawn('sleep', ['60']);
    const owner = ownerOf(child.pid ?? 0) ?? '';
    expect(ownerState(owner)).toBe('alive');
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    expect(ownerState(owner)).toBe('gone');
    expect(ownerOf(child.pid ?? 0)).toBeUndefined();
  });

  const owners: readonly { what: string; owner: string; state: OwnerState }[] = [
    { what: 'this process', owner: thisOwner(), state: 'alive' },
    { what: 'one that had its number before', owner: `${host}:${pid}:1`, state: 'gone' },
    {
      what: 'one before the machine was started again',
      owner: `${machine}.earlier.${namespace}:${pid}:${start}`,
      state: 'gone',
    },
    { what: 'one on another machine', owner: `other.other.${namespace}:${pid}:${start}`, state: 'elsewhere' },
    { what: 'one in a container of this machine', owner: `other.${boot}.1:1:1`, state: 'elsewhere' },
    {
      what: 'this one after the machine got another name',
      owner: `other.${boot}.${namespace}:${pid}:${start}`,
      state: 'alive',
    },
    { what: 'a text of somebody else', owner: 'nobody', state: 'nobody' },
    { what: 'an owner without a machine', owner: `${boot}:${pid}:${start}`, state: 'nobody' },
    { what: 'no text', owner: '', state: 'nobody' },
  ];
  test.each(owners)('is $state: $what', ({ owner, state }) => {
    expect(ownerState(owner)).toBe(state);
  });
});
