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

/** Folders of test/fixtures/results that are named by their format. */
const formats = ['jest', 'playwright', 'pytest', 'go', 'cargo', 'gtest', 'catch2', 'rspec', 'trx'] as const;

/** All samples of the formats that have a folder. */
export const toolSamples: readonly Sample[] = formats.flatMap((format) =>
  readdirSync(new URL(format, fixtures))
    .filter((file) => /\.(?:json|ndjson|xml|txt|trx)$/.test(file) && !file.endsWith('.cases.txt'))
    .map((file) => sampleOf(file.endsWith('.junit.xml') ? 'junit' : format, `${format}/${file}`)),
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
