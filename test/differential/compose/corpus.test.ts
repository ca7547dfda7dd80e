import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCompose } from '../../../gym/environment/compose/load.ts';
import { toComposeConfig } from '../../support/compose/project.ts';
import { comparable, composeConfig, fromCompose, hasCompose } from '../../support/compose/reference.ts';

/** A case is a file, or a folder with a `case.json` where it is more than its compose.yaml. */
interface Case {
  readonly name: string;
  readonly files: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const root = join(import.meta.dirname, '../../fixtures/compose');
const outside = { HOME: '/home/user', TAG: '1.2', PORT: '8080', EMPTY: '', SPACED: 'a b', LIST: 'x,y' };

const cases = readdirSync(root, { withFileTypes: true }).flatMap((entry): Case[] => {
  const path = join(root, entry.name);
  if (entry.isFile()) return entry.name.endsWith('.yaml') ? [{ name: entry.name, files: [path], env: outside }] : [];
  if (!existsSync(join(path, 'compose.yaml'))) return [];
  const special = existsSync(join(path, 'case.json')) ? JSON.parse(readFileSync(join(path, 'case.json'), 'utf8')) : {};
  const files: string[] = special.files ?? ['compose.yaml'];
  return [{ name: entry.name, files: files.map((file) => join(path, file)), env: { ...outside, ...special.env } }];
});

const isThere = await hasCompose();
if (!isThere) {
  console.warn('SKIPPED: the comparison with `docker compose config`: the Compose plugin is not on this machine');
}

describe.skipIf(!isThere)('the corpus is read as Compose reads it', () => {
  it('has at least 60 cases', () => expect(cases.length).toBeGreaterThanOrEqual(60));

  it.concurrent.each(cases)('$name', { timeout: 60_000 }, async ({ files, env }) => {
    const reference = await composeConfig(files, env);
    if (!reference.ok) throw new Error(`Compose refuses it: ${reference.why}`);
    const model = loadCompose(files, {}, env);
    if (!model.ok) throw new Error(`gym refuses it: ${JSON.stringify(model.problems, null, 1)}`);
    expect(comparable(toComposeConfig(model.value))).toEqual(comparable(fromCompose(reference.config)));
  });
});
