import { z } from 'zod';
import { known, suggest } from './suggest.ts';

const formats = [
  'junit',
  'tap',
  'ctrf',
  'vitest',
  'jest',
  'playwright',
  'pytest',
  'go',
  'cargo',
  'gtest',
  'catch2',
  'rspec',
  'trx',
] as const;

/** Formats of test results that gym reads. */
export const resultFormat = z.enum(formats, { error: ({ input }) => unknownFormat(input) });
export type ResultFormat = z.infer<typeof resultFormat>;

/** Names of tools whose format has another one. */
const otherNames: ReadonlyMap<string, ResultFormat> = new Map([
  ['nextest', 'junit'],
  ['node', 'tap'],
  ['node:test', 'tap'],
  ['mocha', 'junit'],
  ['googletest', 'gtest'],
  ['dotnet', 'trx'],
  ['mstest', 'trx'],
  ['nunit', 'trx'],
  ['xunit', 'trx'],
  ['rust', 'cargo'],
  ['python', 'pytest'],
]);

function unknownFormat(input: unknown): string {
  const all = known('formats', formats);
  if (typeof input !== 'string') return all;
  const name = input.toLowerCase();
  const meant =
    otherNames.get(name) ?? suggest(name.replace(/[ -]?(?:test|json|xml)$/, ''), formats) ?? suggest(name, formats);
  const near = meant === undefined ? '' : ` Did you mean "${meant}"?`;
  return `there is no format "${input}".${near} ${all}`;
}
