import { expect, test } from 'vitest';
import { z } from 'zod';
import * as rules from '../../../../invariants/rules/rules.ts';
import { told } from './support.ts';

const { keys } = rules;
const text = `{ spec: { ports: [{ name: a, n: 1 }, { name: b }], empty: [], none: null, labels: { "x.y/z": v } } }`;

test('required: in each entry that a * stands for', () => {
  expect(told(keys.required('spec.ports.*.name'), text)).toEqual([]);
  expect(told(keys.required('spec.ports.*.n'), text)).toEqual(['spec.ports.1.n is missing']);
  expect(told(keys.required('spec.none'), text)).toEqual(['spec.none is missing']);
  expect(told(keys.required('status.ready'), text)).toEqual(['status.ready is missing']);
  expect(told(keys.required('spec.constructor'), text)).toEqual(['spec.constructor is missing']);
  expect(told(keys.required(['spec', 'labels', 'x.y/z']), text)).toEqual([]);
  expect(told(keys.required(['spec', 'ports', 0, 'name']), text)).toEqual([]);
  expect(told(keys.required('spec.empty.*.name'), text)).toBeNull();
  expect(told(keys.required('status.*.name'), text)).toEqual(['status.*.name is missing']);
});

test('forbidden', () => {
  expect(told(keys.forbidden('spec.ports.*.hostPort'), text)).toEqual([]);
  expect(told(keys.forbidden('spec.ports.*.n'), text)).toEqual(['spec.ports.0.n is not allowed']);
  expect(told(keys.forbidden('spec.none'), text)).toEqual(['spec.none is not allowed']);
});

test('matches: the pattern has no memory', () => {
  expect(told(keys.matches('spec.ports.*.name', /^[a-z]$/g), text)).toEqual([]);
  expect(told(keys.matches('spec.ports.*.name', /a/g), text)).toEqual(['spec.ports.1.name does not fit /a/g (b)']);
  expect(told(keys.matches('spec.ports', /a/), text)).toEqual([expect.stringMatching(/^spec\.ports does not fit/)]);
  expect(told(keys.matches('spec.ports.*.x', /a/), text)).toBeNull();
});

test('among', () => {
  expect(told(keys.among('spec.ports.*.name', ['a', 'b']), text)).toEqual([]);
  expect(told(keys.among('spec.ports.*.name', ['b', 'c']), text)).toEqual(['spec.ports.0.name is a, not one of b, c']);
  expect(told(keys.among('spec.ports.0', [{ n: 1, name: 'a' }]), text)).toEqual([]);
});

test('fits', () => {
  expect(told(keys.fits('spec.ports.*', z.object({ name: z.string() })), text)).toEqual([]);
  expect(told(keys.fits('spec.ports.*', z.object({ n: z.number() })), text)).toEqual([
    'spec.ports.1 does not fit: n: Invalid input: expected number, received undefined',
  ]);
});

test('each rule is called as it is exported, those that are made as well', () => {
  const { compose, kubernetes, packageJson } = rules;
  for (const [space, own] of Object.entries({ compose, kubernetes, packageJson })) {
    for (const [name, rule] of Object.entries(own)) {
      if (name !== 'hasReplicas') expect(rule.name).toBe(`${space}.${name}`);
    }
  }
  expect(keys.required('a.b').name).toBe('keys.required(a.b)');
  expect([rules.noSecrets().name, kubernetes.hasReplicas().name]).toEqual(['noSecrets', 'kubernetes.hasReplicas']);
});
