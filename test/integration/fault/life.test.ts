import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import type { EnvironmentFault } from '../../../gym/fault/fault.ts';
import { inject, list, sweepFaults } from '../../../gym/fault/inject.ts';
import { notesFile, openFaults } from '../../../gym/fault/notes.ts';
import { eventually, labelled } from '../environment/support.ts';
import { duo, mustOk } from './support.ts';

const system = duo('life');
const latency: EnvironmentFault = { kind: 'latency', from: 'a', to: 'b', port: 7000, latencyMs: 200 };
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function injecting(fault: EnvironmentFault): { child: ChildProcess; said: () => string } {
  const program = join(import.meta.dirname, 'injecting.ts');
  const child = spawn(process.execPath, [program, system.environment.project, JSON.stringify(fault)]);
  children.push(child);
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  child.stderr.on('data', (chunk) => {
    text += chunk;
  });
  return { child, said: () => text };
}

async function killed(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** All that faults may have changed for `a` and `b` is as it was. */
async function expectNormal(): Promise<void> {
  expect(await system.talk('a')).toMatchObject({ end: 'closed', bytes: 5 });
  expect((await system.talk('a')).ms).toBeLessThan(180);
  expect(await system.shell('a', 'cat /etc/hosts; cat /proc/net/arp')).not.toMatch(/gym|02:67:79:6d/);
  expect(mustOk(await list(system.place))).toEqual([]);
  const { project } = system.environment;
  const containers = labelled(`dev.gym.project=${project}`).filter((name) => name.startsWith('container'));
  expect(containers.sort()).toEqual(['a', 'b', 'c', 'd'].map((service) => `container ${project}-${service}`));
}

it('a fault ends with its block, and with its signal', async () => {
  {
    await using fault = mustOk(await inject(system.place, { kind: 'pause', service: 'b' }));
    expect(fault.activated).toBe(true);
    expect(await system.talk('a', { limitMs: 400 })).toMatchObject({ end: 'silent' });
  }
  await expectNormal();
  const aborter = new AbortController();
  const life = { held: 'kept' as const, signal: aborter.signal };
  const fault = mustOk(await inject(system.place, { kind: 'pause', service: 'b' }, life));
  expect(await system.talk('a', { limitMs: 400 })).toMatchObject({ end: 'silent' });
  aborter.abort();
  expect(await fault.clear()).toEqual({ ok: true, value: ['b goes on'] });
  await expectNormal();
  // One that is aborted before is not injected.
  expect(await inject(system.place, { kind: 'kill', service: 'b' }, life)).toMatchObject({ ok: false });
  await expectNormal();
});

it('what a process that was killed held is swept, what is kept or held by a living one is not', async () => {
  const held = injecting({ kind: 'partition', service: 'a', from: { kind: 'service', service: 'b' } });
  await eventually(() => held.said().includes('\n'));
  expect(held.said()).toMatch(/^injected partition-a-/);
  await using kept = mustOk(await inject(system.place, { kind: 'pause', service: 'c' }, { held: 'kept' }));
  expect(mustOk(await sweepFaults(process.env, system.folder))).toEqual([]);
  expect(await system.talk('a', { limitMs: 400 })).toMatchObject({ end: 'silent' });
  await killed(held.child);
  const id = held.said().trim().slice('injected '.length);
  expect(mustOk(await sweepFaults(process.env, system.folder))).toEqual([id]);
  expect(mustOk(await list(system.place)).map((each) => each.id)).toEqual([kept.id]);
  expect(await system.talk('a')).toMatchObject({ end: 'closed', bytes: 5 });
});

it.each([0, 400, 1000, 1800])('an injection that was killed %i ms after it began is swept', async (afterMs) => {
  const file = notesFile(system.folder, system.environment.project);
  const before = existsSync(file) ? openFaults(file).length : 0;
  expect(before).toBe(0);
  const { child } = injecting(latency);
  await eventually(() => openFaults(file).length > 0);
  await sleep(afterMs);
  await killed(child);
  expect(mustOk(await sweepFaults(process.env, system.folder))).toHaveLength(1);
  await expectNormal();
});
