import { expect, test } from 'vitest';
import { risksText } from '../../../gym/cli/render/risks.ts';
import { bound, sum, target } from '../../../gym/index.ts';
import type { ProofRecord } from '../../../gym/store/proofs.ts';
import { guardedRisks, unguarded } from '../../../gym/verify/risks.ts';

const plain = (_: unknown, text: string): string => text;
const check = (name: string, risk: string[], severity: 'gate' | 'warn' = 'gate') =>
  bound({ name, claim: `${name} is so`, quantity: sum('app.n'), atMost: 0, risk, severity });
const task = {
  risks: { data: 'data gets lost', cost: 'it costs too much', looks: 'it looks bad' },
  invariants: [check('kept', ['data']), check('once', ['data', 'cost']), check('short', ['cost'], 'warn')],
  targets: [
    target({
      name: 'frugal',
      claim: 'frugal is so',
      measure: { kind: 'command', command: 'true' },
      against: { kind: 'limit', limit: 9 },
      risk: ['cost'],
    }),
  ],
};
const record: ProofRecord = {
  schema: 'gym.proof/1',
  task: 'tiny',
  definition: 'now',
  checks: { kept: ['drop app.n'], once: [] },
  at: 0,
};

test('each risk has the checks that name it, and whether they were seen to fail', () => {
  const risks = guardedRisks(task, record, 'now');
  const guards = risks.map(({ risk, guards }) => [
    risk,
    guards.map(({ check, severity, proof }) => [check, severity, proof]),
  ]);
  expect(guards).toEqual([
    [
      'data',
      [
        ['kept', 'gate', 'proven'],
        ['once', 'gate', 'unproven'],
      ],
    ],
    [
      'cost',
      [
        ['once', 'gate', 'unproven'],
        ['short', 'warn', 'unproven'],
        ['frugal', 'gate', 'unproven'],
      ],
    ],
    ['looks', []],
  ]);
  expect(unguarded(risks)).toEqual(['looks']);
});

test('what was proven of another version of the task proves nothing', () => {
  const proofs = guardedRisks(task, record, 'later').flatMap(({ guards }) => guards.map(({ proof }) => proof));
  expect(new Set(proofs)).toEqual(new Set(['unproven']));
});

test('a person reads what is guarded by what, and what by nothing', () => {
  expect(risksText('tiny', guardedRisks(task, record, 'now'), plain)).toBe(
    [
      '✓ data: data gets lost',
      '    kept  proven    kept is so',
      '    once  unproven  once is so',
      '',
      '∅ cost: it costs too much',
      '    once    unproven        once is so',
      '    short   warn, unproven  short is so',
      '    frugal  unproven        frugal is so',
      '',
      '✗ looks: it looks bad',
      '    nothing guards it',
      '',
      'tiny: 3 risks, nothing guards looks',
      '3 checks never seen to fail on this version of the task: gym prove tiny',
    ].join('\n'),
  );
  expect(risksText('tiny', [], plain)).toMatch(/^tiny names no risks/);
});
