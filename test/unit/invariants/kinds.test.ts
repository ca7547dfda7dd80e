import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commonTamperings, tampered, tamperedDocuments } from '../../../gym/judge/tamper.ts';
import { truncated } from '../../../gym/judge/tamper-log.ts';
import type { Invariant, TamperingName } from '../../../gym/task/invariant.ts';
import type { Evidence } from '../../../gym/task/measurement.ts';
import { temporaryFolder } from '../../support/repository.ts';
import { judged } from '../judge/samples.ts';
import { examples } from './examples.ts';

const ofThisRun = (evidence: Evidence): Evidence => ({
  ...evidence,
  nonce: 'of-this-run',
  readings: new Map([...evidence.readings].map(([name, reading]) => [name, { nonce: 'of-this-run', ...reading }])),
});

/** Every way in which that tampering can be done to what a check looks at. */
function changesOf(invariant: Invariant, evidence: Evidence, how: TamperingName, folder: string): (Evidence | null)[] {
  if (how === 'damage') return invariant.sources.map((source) => tamperedDocuments(evidence, source, how));
  if (how !== 'truncate') return invariant.looksAt.map((looked) => tampered(evidence, looked, how));
  return invariant.services.flatMap((service) => [
    truncated(evidence, service, 'half', folder),
    truncated(evidence, service, 'nothing', folder),
  ]);
}

test('there is an example of every kind', () => {
  const catalogue = join(import.meta.dirname, '../../../invariants');
  const files = readdirSync(catalogue).filter((file) => file.endsWith('.ts'));
  const kinds = files.flatMap((file) =>
    [...readFileSync(join(catalogue, file), 'utf8').matchAll(/^ {2}kind: '([^']+)'/gm)].map(([, kind]) => kind),
  );
  expect([...new Set(examples.map(({ invariant }) => invariant.kind))].sort()).toEqual(kinds.sort());
});

describe.each(
  examples.map(({ invariant, evidence }, index) => ({ of: `${invariant.kind} ${index}`, invariant, evidence })),
)('$of', ({ invariant, evidence }) => {
  const sound = ofThisRun(evidence);

  test('holds on its example', () => {
    expect(judged(invariant, sound)).toMatchObject({ state: 'pass' });
  });

  test('never holds where nothing was found, was no number, is of another run, or could not be read', () => {
    for (const looked of invariant.looksAt) {
      for (const how of commonTamperings) {
        const changed = tampered(sound, looked, how);
        if (changed === null) throw new Error(`${how} is not possible for ${looked.metric}`);
        const { state } = judged(invariant, changed);
        const wanted = how === 'empty' ? ['vacuous', 'fail', 'unknown'] : ['unknown'];
        expect(wanted, `${how} ${looked.metric}`).toContain(state);
      }
    }
  });

  test('never holds where its documents are not there, are of another run, or could not be read', () => {
    for (const source of invariant.sources.filter((each) => sound.readings.get(each)?.documents !== undefined)) {
      const states = (['empty', 'stale', 'missing'] as const).map((how) => {
        const changed = tamperedDocuments(sound, source, how);
        return changed === null ? 'not possible' : judged(invariant, changed).state;
      });
      expect(states).toEqual(['vacuous', 'unknown', 'unknown']);
    }
  });

  test('is vacuous where its sources gave nothing at all', () => {
    const nothing = [...sound.readings].map(
      ([name, reading]) => [name, { ...reading, samples: [], documents: [] }] as const,
    );
    if (nothing.length > 0) expect(judged(invariant, { ...sound, readings: new Map(nothing) }).state).toBe('vacuous');
  });

  test('fails under each way of tampering that its kind promises to notice', () => {
    using folder = temporaryFolder();
    for (const how of invariant.notices) {
      const states = changesOf(invariant, sound, how, folder.path)
        .filter((changed) => changed !== null)
        .map((changed) => judged(invariant, changed).state);
      expect(states, how).not.toEqual([]);
      expect(states, how).toContain('fail');
    }
  });
});
