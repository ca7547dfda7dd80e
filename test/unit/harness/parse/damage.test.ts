import { describe, expect, it, test } from 'vitest';
import { type Case, countCases } from '../../../../gym/harness/cases.ts';
import { parseResults } from '../../../../gym/harness/parse/index.ts';
import { passing } from '../../../../gym/prove/cheats.ts';
import { type ResultFormat, resultFormat } from '../../../../gym/task/result-format.ts';
import { type Sample, sampleOf, toolSamples } from './tools.ts';

interface Whole extends Sample {
  readonly cases: readonly Case[];
}

/** Those that can be read. */
const samples: readonly Whole[] = [
  ...toolSamples,
  sampleOf('vitest', 'vitest-cart.json'),
  sampleOf('tap', 'node-cart.tap'),
  sampleOf('tap', 'vitest-cart.tap'),
  sampleOf('ctrf', 'jest-cart.ctrf.json'),
  sampleOf('junit', 'node-pass.junit.xml'),
  sampleOf('junit', 'surefire-cart.junit.xml'),
].flatMap((sample) => {
  const parsed = parseResults(sample.format, sample.text, '/');
  return parsed.kind === 'cases' ? [{ ...sample, cases: parsed.cases }] : [];
});

/** Whether a damaged file seems to pass, with fewer cases than the whole one or without its failures. */
function isLost({ format, cases }: Whole, damaged: string): boolean {
  const parsed = parseResults(format, damaged, '/');
  if (parsed.kind !== 'cases' || countCases(parsed.cases).failed > 0) return false;
  return parsed.cases.length < cases.length || countCases(cases).failed > 0;
}

/** Whether no package, and no binary, was begun and not ended: more may have followed, which these streams cannot tell. */
function isWholePart({ format }: Sample, text: string): boolean {
  if (format === 'go') return !/\n\{.*"Action":"(?:start|run|output)"/.test(text.slice(text.lastIndexOf('"Elapsed"')));
  return format === 'cargo' && !/^\s+Running |^running \d/m.test(text.slice(text.lastIndexOf('test result: ')));
}

/** As many as take a fraction of a second for a file of this size. */
const rounds = ({ text }: Sample): number => Math.min(120, Math.ceil(400_000 / (text.length + 1)));

describe('a file that was cut off is noticed', () => {
  test.each(samples)('$format: $name', (sample) => {
    const bytes = Buffer.from(sample.text.trimEnd());
    const step = Math.max(1, Math.floor(bytes.length / rounds(sample)));
    for (let length = 0; length < bytes.length; length += step) {
      const cut = bytes.subarray(0, length).toString('utf8');
      if (isLost(sample, cut) && !isWholePart(sample, cut))
        expect.fail(`${length} of ${bytes.length}: ${cut.slice(-80)}`);
    }
  });
});

/** Numbers of a seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('a changed byte loses no case and no failure in silence', () => {
  // JUnit has no standard: neither has it to count its cases, nor to have no elements of its own.
  test.each(samples.filter(({ format }) => format !== 'junit'))('$format: $name', (sample) => {
    const bytes = Buffer.from(sample.text);
    const next = random(bytes.length);
    for (let round = 0; round < rounds(sample); round += 1) {
      const at = Math.floor(next() * bytes.length);
      const damaged = Buffer.from(bytes);
      damaged[at] = round % 2 === 0 ? (damaged[at] ?? 0) ^ (1 << Math.floor(next() * 7)) : 32 + Math.floor(next() * 95);
      if (isLost(sample, damaged.toString('utf8')))
        expect.fail(`byte ${at}: ${damaged.subarray(Math.max(0, at - 60), at + 60)}`);
    }
  });
});

const awkward = [' ', '\n', '/', '"', '#', "', 1, '", '\n at ', '{"'].map((unit) =>
  unit.repeat(Math.ceil(50_000 / unit.length)),
);

/** A long text where a name stands, as the format escapes it. */
function named(format: ResultFormat, name: string): string {
  const text = passing[format];
  if (text.startsWith('{')) return text.replaceAll('asses', () => JSON.stringify(name).slice(1, -1));
  if (!text.startsWith('<')) return text.replaceAll('asses', () => name);
  return text.replaceAll('asses', () =>
    name.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;'),
  );
}

describe('no text takes a time that grows with its square', () => {
  it.each(resultFormat.options)('%s', (format) => {
    for (const long of awkward) {
      for (const text of [long, long + passing[format], named(format, long)]) {
        const start = performance.now();
        parseResults(format, text, '/');
        expect(performance.now() - start, `${text.slice(0, 20)}…`).toBeLessThan(2_000);
      }
    }
  });
});

describe('whatever it is given, a parser gives a value', () => {
  it.each(resultFormat.options)('%s', (format) => {
    const next = random(1);
    const others = [...samples.map(({ text }) => text), ...Object.values(passing), 'null', '[]', '{}', '<a/>', '\0'];
    for (const text of others) expect(() => parseResults(format, text, '/')).not.toThrow();
    for (let round = 0; round < 200; round += 1) {
      const noise = Array.from({ length: 200 }, () => Math.floor(next() * 256));
      expect(() => parseResults(format, Buffer.from(noise).toString('utf8'), '/')).not.toThrow();
    }
  });

  test.each<[string, ResultFormat, string]>([
    ['suites in suites', 'playwright', deepSuites(5_000)],
    ['subtests in subtests', 'tap', deepSubtests(3_000)],
    [
      'many suites',
      'junit',
      `<testsuites>${'<testsuite tests="1"><testcase name="a"/></testsuite>'.repeat(200_000)}</testsuites>`,
    ],
    [
      'more errors than there can be',
      'rspec',
      passing.rspec.replace('examples_count":0', `examples_count":${2 ** 50}`),
    ],
  ])('%s', (_what, format, text) => {
    expect(() => parseResults(format, text, '/')).not.toThrow();
  });
});

function deepSuites(depth: number): string {
  const suites = `${'{"title":"s","specs":[],"suites":['.repeat(depth)}${']}'.repeat(depth)}`;
  return `{"config":{"rootDir":"/"},"suites":[${suites}],"errors":[],"stats":{"expected":0,"unexpected":0,"flaky":0,"skipped":0}}`;
}

function deepSubtests(depth: number): string {
  const points = Array.from({ length: depth }, (_, index) => {
    const indent = ' '.repeat(depth - index - 1);
    return `${indent}ok 1\n${indent}1..1\n`;
  });
  return points.join('');
}
