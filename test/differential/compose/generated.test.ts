import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { loadCompose } from '../../../gym/environment/compose/load.ts';
import { type Generated, generated } from '../../support/compose/generate.ts';
import { toComposeConfig } from '../../support/compose/project.ts';
import { comparable, composeConfig, fromCompose, hasCompose } from '../../support/compose/reference.ts';

const isThere = await hasCompose();
if (!isThere) {
  console.warn('SKIPPED: the comparison with `docker compose config`: the Compose plugin is not on this machine');
}

const env = { HOME: '/home/user', TAG: '1.2', PORT: '8080', EMPTY: '', COMPOSE_PROFILES: 'dev' };
const folder = mkdtempSync(join(tmpdir(), 'gym-generated-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Where gym takes what Compose refuses: entries that are equal only once files are merged (also `/a` and `/a/`), and a limit that
 * deploy.resources leaves open (Compose reads that as 0).
 */
const lenient = [/items at \d+ and \d+ are equal/, /already mounted as/, /can't set distinct values on/];

/** Both refuse it, or both make the same of it. */
async function compare(of: Generated, name: string): Promise<{ equal: boolean; gym: unknown; compose: unknown }> {
  const directory = join(folder, name);
  for (const [file, text] of Object.entries(of.content)) {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    writeFileSync(join(directory, file), text);
  }
  const files = of.files.map((file) => join(directory, file));
  const reference = await composeConfig(files, env);
  const model = loadCompose(files, {}, env);
  const compose = reference.ok ? comparable(fromCompose(reference.config)) : { refused: reference.why };
  const gym = model.ok ? comparable(toComposeConfig(model.value)) : { refused: model.problems };
  const isLenient = !reference.ok && lenient.some((each) => each.test(reference.why));
  const equal = reference.ok && model.ok ? isDeepStrictEqual(gym, compose) : isLenient || reference.ok === model.ok;
  return { equal, gym, compose };
}

describe.skipIf(!isThere)('what fast-check makes up is read as Compose reads it', () => {
  it('in every case', { timeout: 120_000 }, async () => {
    const seed = 20_261_120;
    const cases = fc.sample(generated, { seed, numRuns: 150 });
    // Compose is a process for each: a few at a time.
    const failing = new Set<number>();
    let refused = 0;
    let next = 0;
    const work = async (): Promise<void> => {
      for (let index = next++; index < cases.length; index = next++) {
        const of = cases[index];
        if (of === undefined) return;
        const { equal, gym } = await compare(of, `case-${index}`);
        if (!equal) failing.add(index);
        if (typeof gym === 'object' && gym !== null && 'refused' in gym) refused += 1;
      }
    };
    await Promise.all([work(), work(), work()]);
    // The smallest case tells most.
    const smallest = [...failing]
      .map((index) => cases[index])
      .sort((a, b) => JSON.stringify(a).length - JSON.stringify(b).length)[0];
    if (smallest !== undefined) {
      const { gym, compose } = await compare(smallest, 'smallest');
      const texts = smallest.files.map((file) => `--- ${file}\n${smallest.content[file]}`).join('\n');
      expect(gym, `${failing.size} of ${cases.length} differ; the smallest:\n${texts}`).toEqual(compose);
    }
    // Refusals compare nothing but themselves.
    expect(refused).toBeLessThan(cases.length / 6);
  });
});
