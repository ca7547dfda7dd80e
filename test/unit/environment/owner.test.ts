import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ownerState, ownerText, parseOwner, thisOwner } from '../../../gym/environment/owner.ts';

describe('owner', () => {
  it('survives its label', () => {
    expect(parseOwner(ownerText(thisOwner()))).toEqual(thisOwner());
    expect(parseOwner('somebody')).toBeUndefined();
  });

  it('knows the living', () => {
    expect(ownerState(thisOwner())).toBe('alive');
  });

  it('is not fooled by a process that got the number of a dead one', () => {
    expect(ownerState({ ...thisOwner(), start: '1' })).toBe('gone');
  });

  it('knows the dead', async () => {
    const child = spawn('true');
    await once(child, 'exit');
    expect(ownerState({ ...thisOwner(), pid: child.pid ?? 0 })).toBe('gone');
  });

  it('says nothing of other machines and other process namespaces, and knows that no process outlives a boot', () => {
    expect(ownerState({ ...thisOwner(), machine: 'other' })).toBe('elsewhere');
    expect(ownerState({ ...thisOwner(), namespace: '1', pid: 1, start: '1' })).toBe('elsewhere');
    expect(ownerState({ ...thisOwner(), boot: 'earlier' })).toBe('gone');
  });
});
