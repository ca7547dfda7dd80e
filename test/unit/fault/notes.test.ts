import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { conflictOf } from '../../../gym/fault/conflict.ts';
import { notedProjects, notesFile, type OpenFault, openFaults, writeNote } from '../../../gym/fault/notes.ts';
import { parseListening } from '../../../gym/fault/proxy-container.ts';
import type { EnvironmentFault } from '../../../gym/task/environment-fault.ts';

const folder = mkdtempSync(join(tmpdir(), 'gym-notes-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('tells which faults are open, past a line that was cut off and those of others', () => {
  const file = notesFile(folder, 'duo');
  expect(openFaults(file)).toEqual([]);
  const begin = (id: string): void =>
    writeNote(file, {
      v: 1,
      type: 'injecting',
      id,
      at: 1,
      by: 'someone',
      held: 'process',
      fault: { kind: 'pause', service: 'b' },
      undo: [{ do: 'unpause', container: 'x', service: 'b' }],
      startedAt: { x: 'then' },
    });
  begin('one');
  begin('two');
  begin('three');
  writeNote(file, { v: 1, type: 'injected', id: 'two', evidence: [{ what: 'state', before: 'a', after: 'b' }] });
  writeNote(file, { v: 1, type: 'cleared', id: 'one' });
  writeNote(file, { v: 1, type: 'injected', id: 'unheard', evidence: [] });
  appendFileSync(file, '{"v":2,"type":"injecting"}\n{"v":1,"type":"cle');
  expect(openFaults(file).map(({ id, evidence }) => [id, evidence?.length ?? null])).toEqual([
    ['two', 1],
    ['three', null],
  ]);
  expect(notedProjects(folder)).toEqual(['duo']);
  expect(notedProjects(join(folder, 'none'))).toEqual([]);
});

it('knows which faults are about the same', () => {
  const open = (fault: EnvironmentFault): OpenFault => ({
    id: 'one',
    at: 1,
    by: '',
    held: 'kept',
    fault,
    undo: [],
    startedAt: {},
    evidence: [],
  });
  const pair = (service: string, other: string): EnvironmentFault => ({
    kind: 'partition',
    service,
    from: { kind: 'service', service: other },
  });
  const memory = (service: string): EnvironmentFault => ({ kind: 'memory', service, limitBytes: 1 });
  const disk = (path: string): EnvironmentFault => ({ kind: 'disk', service: 'a', path });
  expect(conflictOf(pair('a', 'b'), [open(pair('b', 'a'))])?.message).toBe(
    'one is there already, and is about the same',
  );
  expect(conflictOf(disk('/data'), [open(disk('/data'))])).toBeDefined();
  expect(conflictOf(memory('a'), [open({ kind: 'memory', service: 'a', limitBytes: 2 })])).toBeDefined();
  expect(
    conflictOf(memory('a'), [open(memory('b')), open(disk('/other')), open({ kind: 'cpu', service: 'a', cpus: 1 })]),
  ).toBe(undefined);
  expect(conflictOf(pair('a', 'b'), [open(pair('a', 'c'))])).toBe(undefined);
  expect(conflictOf({ kind: 'pause', service: 'a' }, [open({ kind: 'pause', service: 'a' })])).toBe(undefined);
});

it('finds the ports that others can reach in /proc/net/tcp and tcp6', () => {
  const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0B00007F:9C4B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0
   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0
   2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0
   3: 0300C80A:0050 0200C80A:C350 01 00000000:00000000 00:00000000 00000000     0        0 1 1 0
  sl  local_address                         remote_address                        st tx_queue
   0: 00000000000000000000000000000000:1B58 00000000000000000000000000000000:0000 0A 00000000:00000000
   1: 00000000000000000000000001000000:1B59 00000000000000000000000000000000:0000 0A 00000000:00000000
   2: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000
`;
  expect(parseListening(text)).toEqual([80, 7000]);
});
