import type { ResultFormat } from '../../task/result-format.ts';
import { type Case, type Parsed, unparseable } from '../cases.ts';
import { parseCargo } from './cargo.ts';
import { parseCatch2 } from './catch2.ts';
import { parseCtrf } from './ctrf.ts';
import { parseGo } from './go.ts';
import { parseGtest } from './gtest.ts';
import { parseJest } from './jest.ts';
import { parseJunit } from './junit.ts';
import { parsePlaywright } from './playwright.ts';
import { parsePytest } from './pytest.ts';
import { parseRspec } from './rspec.ts';
import { parseTap } from './tap.ts';
import { parseTrx } from './trx.ts';

/** Larger results are refused: a parser would need many times their size. */
export const resultLimitBytes = 32 * 1024 * 1024;

const parsers: Readonly<Record<ResultFormat, (text: string) => Parsed>> = {
  junit: parseJunit,
  tap: parseTap,
  ctrf: parseCtrf,
  vitest: parseJest,
  jest: parseJest,
  playwright: parsePlaywright,
  pytest: parsePytest,
  go: parseGo,
  cargo: parseCargo,
  gtest: parseGtest,
  catch2: parseCatch2,
  rspec: parseRspec,
  trx: parseTrx,
};

/**
 * Reads a result file. `root` is the folder that the stage ran in: absolute paths below it become relative to it, so
 * that a case has the same id in every snapshot.
 */
export function parseResults(format: ResultFormat, text: string, root: string): Parsed {
  if (text.length > resultLimitBytes) {
    return unparseable(`it is larger than ${resultLimitBytes / 1024 / 1024} MiB`);
  }
  const parsed = parseNested(format, text);
  if (parsed.kind === 'unparseable') return parsed;
  return { kind: 'cases', cases: unique(parsed.cases.map((one) => relative(one, root))) };
}

/** The parsers follow what is nested; no tool nests so deep that the stack does not suffice. */
function parseNested(format: ResultFormat, text: string): Parsed {
  try {
    return parsers[format](text);
  } catch (error) {
    if (error instanceof RangeError) return unparseable('it is nested too deeply');
    throw error;
  }
}

function relative(one: Case, root: string): Case {
  const prefix = root.endsWith('/') ? root : `${root}/`;
  if (prefix === '/') return one;
  const strip = (text: string): string => text.replaceAll(`file://${prefix}`, '').replaceAll(prefix, '');
  return {
    ...one,
    id: strip(one.id),
    ...(one.file === undefined ? {} : { file: strip(one.file) }),
    ...(one.message === undefined ? {} : { message: strip(one.message) }),
  };
}

/** Tools allow two tests of one name; the second one gets a number. */
function unique(cases: readonly Case[]): Case[] {
  const seen = new Map<string, number>();
  return cases.map((one) => {
    const times = (seen.get(one.id) ?? 0) + 1;
    seen.set(one.id, times);
    return times === 1 ? one : { ...one, id: `${one.id} (${times})` };
  });
}
