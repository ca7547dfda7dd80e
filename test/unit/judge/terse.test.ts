import { describe, expect, test } from 'vitest';
import { type State, stateNames } from '../../../gym/events/event.ts';
import { stateWord, terse, terseLimitBytes } from '../../../gym/judge/terse.ts';
import { isGreen, type Verdict, verdictSchema, verdictSchemaName, worst } from '../../../gym/judge/verdict.ts';
import type { CheckResult } from '../../../gym/task/judgement.ts';

/** A seeded generator (mulberry32): the same verdicts in every run. */
class Random {
  private state: number;
  constructor(seed: number) {
    this.state = seed;
  }
  below(most: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % most;
  }
  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.below(items.length)] ?? items[0];
  }
  list<Item>(most: number, make: () => Item): Item[] {
    return Array.from({ length: this.below(most + 1) }, make);
  }
  text(): string {
    return this.list(8, () => this.pick(scraps)).join('');
  }
}

const scraps = [
  'tcp is 5 bytes',
  ' ',
  '\n',
  '\r\n\t',
  '\u001b[31mred\u001b[0m',
  '\u001b]8;;http://x\u0007link\u001b]8;;\u0007',
  '\u0000\u0007\u009b',
  '\u2028',
  'é€𝄞',
  '\ud800',
  '🙂'.repeat(90),
  'x'.repeat(400),
  'long '.repeat(500),
] as const;

function check(random: Random, states: readonly [State, ...State[]] = stateNames): CheckResult {
  const state = random.pick(states);
  const judged = state === 'pass' || state === 'fail';
  const distance = state === 'pass' ? 0 : random.pick([5e-324, 0.015, 1, 1e308]);
  return {
    state,
    because: random.text(),
    margin: judged ? -distance : null,
    distance: judged ? distance : null,
    unit: null,
    parts: [],
    evidence: [],
    name: random.pick(['unit', 'bytes-by-channel', random.text()]),
    kind: 'agree',
    claim: random.text(),
    severity: 'gate',
    risk: [],
    again: random.text(),
  };
}

function verdict(random: Random): Verdict {
  const checks = random.list(30, () => check(random));
  const state = random.pick<State>([worst(checks.map((each) => each.state)), 'unknown']);
  return {
    schema: verdictSchemaName,
    run: random.pick(['20261120-044512-3fa9', random.text()]),
    task: random.pick(['shuffle', random.text()]),
    state,
    exitCode: 1,
    headline: random.text(),
    distance: isGreen(state) ? 0 : random.pick([null, 0.0566, 3, 1e300]),
    startedAt: 0,
    durationMs: 0,
    workspace: { root: '/', hash: '', definition: '', restored: [] },
    ...(random.below(3) === 0 && { fault: random.text() }),
    stages: random.list(3, () => ({
      stage: random.pick(['unit', 'e2e']),
      state: random.pick(stateNames),
      because: random.text(),
      exitCode: null,
      cases: null,
      failures: random.list(15, () => ({ id: random.text(), file: random.text(), line: 3, message: random.text() })),
      durationMs: 0,
      log: '',
    })),
    checks,
    problems: random.list(3, () => ({
      kind: 'evidence' as const,
      message: random.text(),
      place: { file: random.text(), line: 7 },
      remedy: random.text(),
    })),
  };
}

test('any verdict', () => {
  for (let seed = 0; seed < 300; seed += 1) {
    const given = verdict(new Random(seed));
    const text = terse(given);
    const lines = text.split('\n');
    expect(Buffer.byteLength(text), `seed ${seed}`).toBeLessThanOrEqual(terseLimitBytes);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(text, `seed ${seed}`).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]|\[31m/);
    expect(text.isWellFormed(), `seed ${seed}`).toBe(true);
    expect(lines[0]?.startsWith(stateWord(given.state)), `seed ${seed}`).toBe(true);
    expect(terse(verdictSchema.parse(JSON.parse(JSON.stringify(given)))), `seed ${seed}`).toBe(text);
    if (isGreen(given.state)) expect(lines, `seed ${seed}`).toHaveLength(1);
    else expect(lines.at(-1), `seed ${seed}`).toMatch(/^more: gym show/);
  }
});

describe('what does not hold', () => {
  const random = new Random(1);
  const named = (name: string, state: State): CheckResult => ({
    ...check(random, [state]),
    name,
    because: `of ${name}`,
    again: `gym verify shuffle # ${name}`,
  });
  const base = {
    ...verdict(new Random(2)),
    run: 'r-3fa9',
    task: 'shuffle',
    problems: [],
    stages: [],
    distance: 0.0566,
  };
  const shown = (...checks: CheckResult[]): string[] => {
    const { fault: _, ...plain } = base;
    return terse({ ...plain, checks, state: worst(checks.map(({ state }) => state)) }).split('\n');
  };

  test('stands worst first, in the order of the task among equals, and nothing else does', () => {
    expect(
      shown(
        named('a', 'unknown'),
        named('b', 'pass'),
        named('c', 'vacuous'),
        named('d', 'fail'),
        named('e', 'error'),
        named('f', 'fail'),
      ),
    ).toEqual([
      'ERROR shuffle distance 0.0566: 5 of 6 checks do not hold',
      'error e: of e',
      'fail d: of d',
      'fail f: of f',
      'vacuous c: of c',
      'unknown a: of a',
      'more: gym show r-3fa9:e   again: gym verify shuffle # e',
    ]);
  });
  test('and says how much was left out', () => {
    const many = Array.from({ length: 500 }, (_, index) => named(`check-${index}`, 'fail'));
    const lines = shown(...many);
    expect(lines.at(-2)).toMatch(/^… \d+ more lines$/);
    expect(lines.length - 3 + Number(/\d+/.exec(lines.at(-2) ?? '')?.[0])).toBe(500);
    // It uses the room that there is.
    expect(Buffer.byteLength(lines.join('\n'))).toBeGreaterThan(terseLimitBytes - 100);
  });
  test('one reason of many unknown checks is said once', () => {
    const because = 'workers: the stage e2e did not pass';
    const lines = shown(...['a', 'b', 'c'].map((name) => ({ ...named(name, 'unknown'), because })));
    expect(lines.slice(1, -1)).toEqual([`unknown a, b, c: ${because}`]);
  });
});
