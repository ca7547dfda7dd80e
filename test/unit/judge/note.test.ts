import fc from 'fast-check';
import { expect, test } from 'vitest';
import { noteLimit, noteLines } from '../../../gym/judge/note.ts';
import type { CheckResult } from '../../../gym/task/judgement.ts';

const check: CheckResult = {
  name: 'bytes-by-channel',
  kind: 'conservation',
  claim: 'the parts add up to the total',
  severity: 'gate',
  risk: [],
  owner: 'ada',
  since: 'r-1',
  again: 'gym verify shuffle',
  state: 'fail',
  because: 'the parts come to 1,100 bytes, not 1,000 bytes: +100 bytes (+10 %)',
  margin: -100,
  distance: 0.1,
  unit: 'bytes',
  parts: [
    { part: 'local', observed: '500', expected: '500', off: '0' },
    { part: 'shm', observed: '190', expected: '200', off: '-10' },
    { part: 'tcp', observed: '410', expected: '300', off: '110' },
  ],
  evidence: [{ what: 'workers', place: { file: 'evidence/workers.json', line: 7 } }],
};

test('a failure is told as a colleague would tell it', () => {
  expect(noteLines(check, 'r-2', (file) => `.gym/runs/r-2/${file}`)).toEqual([
    'claim     the parts add up to the total',
    'observed  the parts come to 1,100 bytes, not 1,000 bytes: +100 bytes (+10 %)',
    '          tcp                          410 / 300   +110',
    '          shm                          190 / 200   -10',
    'off by    100 bytes, distance 0.1',
    'since     run r-1; ask ada',
    'evidence  workers: .gym/runs/r-2/evidence/workers.json:7',
    'again     gym verify shuffle',
  ]);
});

test('however many parts there are and whatever they print, it has ten lines at most, its headline included', () => {
  const part = fc.record({
    part: fc.string(),
    observed: fc.bigInt().map(String),
    expected: fc.bigInt().map(String),
    off: fc.bigInt().map(String),
  });
  fc.assert(
    fc.property(
      fc.array(part),
      fc.string(),
      fc.option(fc.double({ noNaN: true }), { nil: null }),
      (parts, because, margin) => {
        const lines = noteLines({ ...check, parts, because, margin }, 'r-1', (file) => file);
        expect(lines.length).toBeLessThan(noteLimit);
        expect(lines.at(-1)).toBe('again     gym verify shuffle');
      },
    ),
  );
});

test('of many parts the farthest are shown, and how many more there are', () => {
  const parts = Array.from({ length: 8 }, (_, index) => ({
    part: `p${index}`,
    observed: `${index}`,
    expected: '0',
    off: `${index}`,
  }));
  const lines = noteLines({ ...check, parts }, 'r-1', (file) => file).filter((line) => line.startsWith('     '));
  expect(lines.map((line) => line.trim().split(' ')[0])).toEqual(['p7', 'p6', 'p5']);
  expect(lines.at(-1)).toMatch(/ {3}and 4 more$/);
});
