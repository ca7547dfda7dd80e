import { readdirSync, readFileSync } from 'node:fs';
import type { Case } from '../../../../gym/harness/cases.ts';
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
  nextest: 'junit',
  gtest: 'gtest',
  catch2: 'catch2',
  rspec: 'rspec',
  trx: 'trx',
};

/** All samples in the folders of the tools. */
export const toolSamples: readonly Sample[] = Object.entries(folders).flatMap(([folder, format]) =>
  readdirSync(new URL(folder, fixtures))
    .filter((file) => /\.(?:json|ndjson|xml|txt|trx|tap)$/.test(file) && !file.endsWith('.cases.txt'))
    .map((file) => sampleOf(sharedFormat(file) ?? format, `${folder}/${file}`)),
);

/** The format that a file's name tells, where it is not its tool's own. */
function sharedFormat(file: string): ResultFormat | undefined {
  if (file.endsWith('.junit.xml')) return 'junit';
  return file.endsWith('.ctrf.json') ? 'ctrf' : undefined;
}

/** A sample by its name. */
export function sampleOf(format: ResultFormat, name: string): Sample {
  return { format, name, text: readFileSync(new URL(name, fixtures), 'utf8') };
}

/** What is read of a text, as a person would list it; or why it cannot be read. */
export function listed(format: ResultFormat, text: string, root = '/home/dev/shop'): string[] {
  const parsed = parseResults(format, text, root);
  return parsed.kind === 'unparseable' ? [`unparseable: ${parsed.because}`] : parsed.cases.map(caseLine);
}

/** `state id @file:line | message`. */
export function caseLine({ state, id, file, line, message }: Case): string {
  const place = file === undefined ? '' : ` @${file}${line === undefined ? '' : `:${line}`}`;
  return `${state} ${id}${place}${message === undefined ? '' : ` | ${message.replaceAll('\n', '⏎')}`}`;
}

/** What is read of a sample, line by line, in an order that is not the tool's. */
export const recordedCases = (name: string): string[] =>
  readFileSync(new URL(`${name}.cases.txt`, fixtures), 'utf8')
    .trim()
    .split('\n')
    .sort();
