import { readdirSync, readFileSync } from 'node:fs';
import { parseResults } from '../../../../gym/harness/parse/index.ts';
import type { ResultFormat } from '../../../../gym/task/result-format.ts';

const fixtures = new URL('../../../fixtures/results/', import.meta.url);

/** A file that a tool wrote, with the format in which it is read. */
export interface Sample {
  readonly format: ResultFormat;
  /** Below test/fixtures/results. */
  readonly name: string;
  readonly text: string;
}

/** Folders of test/fixtures/results, one a tool, with the format of what is in them. */
const folders: Readonly<Record<string, ResultFormat>> = {
  node: 'tap',
  vitest: 'vitest',
  jest: 'jest',
  playwright: 'playwright',
  pytest: 'pytest',
  go: 'go',
  cargo: 'cargo',
  gtest: 'gtest',
  catch2: 'catch2',
  rspec: 'rspec',
  trx: 'trx',
};

/** All samples in the folders of the tools. */
export const toolSamples: readonly Sample[] = Object.entries(folders).flatMap(([folder, format]) =>
  readdirSync(new URL(folder, fixtures))
    .filter((file) => /\.(?:json|ndjson|xml|txt|trx|tap)$/.test(file) && !file.endsWith('.cases.txt'))
    .map((file) => sampleOf(file.endsWith('.junit.xml') ? 'junit' : format, `${folder}/${file}`)),
);

/** A sample by its name. */
export function sampleOf(format: ResultFormat, name: string): Sample {
  return { format, name, text: readFileSync(new URL(name, fixtures), 'utf8') };
}

/** `state id @file:line | message`, as a person would list them; or why it cannot be read. */
export function listed(format: ResultFormat, text: string, root = '/home/dev/shop'): string[] {
  const parsed = parseResults(format, text, root);
  if (parsed.kind === 'unparseable') return [`unparseable: ${parsed.because}`];
  return parsed.cases.map(({ state, id, file, line, message }) => {
    const place = file === undefined ? '' : ` @${file}${line === undefined ? '' : `:${line}`}`;
    return `${state} ${id}${place}${message === undefined ? '' : ` | ${message.replaceAll('\n', '⏎')}`}`;
  });
}
