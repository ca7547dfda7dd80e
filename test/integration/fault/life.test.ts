import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { inject, list } from '../../../gym/fault/inject.ts';
import { notesFile, type OpenFault, openFaults } from '../../../gym/fault/notes.ts';
import { sweepFaults } from '../../../gym/fault/sweep.ts';
import type { EnvironmentFault } from '../../../gym/task/environment-fault.ts';
import { eventually, labelled } from '../environment/support.ts';
import { untilNone, watchdogsOf } from '../reliability/support.ts';
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

function opened(): readonly OpenFault[] {
  const file = notesFile(system.folder, system.environment.project);
  return existsSync(file) ? openFaults(file) : [];
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
  expect(containers()).toEqual(['a', 'b', 'c', 'd'].map((service) => `container ${project}-${service}`));
}

function containers(): string[] {
  const made = labelled(`dev.gym.project=${system.environment.project}`);
  return made.filter((name) => name.startsWith('container')).sort();
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
  // Without its watchdog, as on a machine that is short of memory.
  for (const pid of watchdogsOf(held.child.pid)) process.kill(pid, 'SIGKILL');
  await killed(held.child);
  const id = held.said().trim().slice('injected '.length);
  expect(mustOk(await sweepFaults(process.env, system.folder))).toEqual([id]);
  expect(mustOk(await list(system.place)).map((each) => each.id)).toEqual([kept.id]);
  expect(await system.talk('a')).toMatchObject({ end: 'closed', bytes: 5 });
});

it('the watchdog undoes what a process held that was killed, or that ended without a word, and nothing else', async () => {
  await using kept = mustOk(await inject(system.place, { kind: 'pause', service: 'c' }, { held: 'kept' }));
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    const held = injecting({ kind: 'kill', service: 'b' });
    await eventually(() => held.said().includes('\n'));
    expect(watchdogsOf(held.child.pid)).toHaveLength(1);
    expect(await system.talk('a', { limitMs: 400 })).not.toMatchObject({ end: 'closed' });
    held.child.kill(signal);
    await untilNone(async () => opened().filter(({ id }) => id !== kept.id), 10_000);
    expect(await system.shell('b', 'echo runs')).toBe('runs\n');
  }
  expect(mustOk(await list(system.place)).map(({ id }) => id)).toEqual([kept.id]);
});

it.each([0, 400, 1000, 1800])('an injection that was killed %i ms after it began is undone', async (afterMs) => {
  expect(opened()).toEqual([]);
  const { child } = injecting(latency);
  await eventually(() => opened().length > 0);
  await sleep(afterMs);
  await killed(child);
  await untilNone(async () => opened(), 10_000);
  // What the killed process asked the engine for last goes a moment later.
  await eventually(() => containers().length === 4);
  await expectNormal();
});
