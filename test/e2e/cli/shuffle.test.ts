import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRecorded } from '../../../gym/evidence/recorded.ts';
import { type Verdict, verdictSchema } from '../../../gym/judge/verdict.ts';
import { runFolder, runsOf, shuffleCheckout } from '../../support/gym/checkout.ts';
import { leftOf } from '../../support/gym/engine.ts';
import { gym } from '../../support/gym/program.ts';

const env = { SHUFFLE_BYTES: String(16 * 1024 * 1024) };
const checkout = shuffleCheckout();
// Without a start state it is no exercise, so that no agents are tried: that takes minutes; prove-agents.test.ts tries them.
rmSync(join(checkout.path, 'envs/shuffle/start'), { recursive: true });
const faultFolder = join(checkout.path, 'envs/shuffle/faults');
const faults = readdirSync(faultFolder).map((file) => {
  const caughtBy = [...readFileSync(join(faultFolder, file), 'utf8').matchAll(/^Caught-by: (\S+)$/gm)];
  return { fault: file.replace(/\.patch$/, ''), caughtBy: caughtBy.map(([, check = '']) => check) };
});
afterAll(() => checkout[Symbol.dispose]());

/** The sum of a metric over the samples of a run's evidence that have the labels. */
function evidenceSum(run: string, source: string, metric: string, where: Record<string, string> = {}): bigint {
  const samples = readRecorded(runFolder(checkout.path, run))?.readings.get(source)?.samples ?? [];
  const meant = samples.filter(
    (sample) =>
      sample.metric === metric && Object.entries(where).every(([name, value]) => sample.labels[name] === value),
  );
  expect(meant.length).toBeGreaterThan(0);
  return meant.reduce((sum, { value }) => sum + BigInt(value), 0n);
}

async function judged(...args: string[]): Promise<Verdict> {
  const end = await gym(checkout.path, ['verify', 'shuffle', '--json', ...args], env);
  const verdict = verdictSchema.parse(JSON.parse(end.stdout));
  expect(end.exitCode).toBe(verdict.exitCode);
  expect(leftOf(checkout.path)).toEqual([]);
  return verdict;
}

const checkOf = ({ checks }: Verdict, name: string) => checks.find((check) => check.name === name);
/** Whole bytes of a text as people read it: "+721,448 bytes". */
const bytesIn = (text: string): bigint => BigInt(text.replaceAll(/[^\d-]/g, ''));
/** How much the payload that the workers say they sent is off, from the evidence alone. */
const excess = (run: string, channel: string): bigint =>
  evidenceSum(run, 'workers', 'sent_payload_bytes', { channel }) -
  evidenceSum(run, 'known', 'channel_bytes', { channel });

let correct: Verdict;
let proof: Awaited<ReturnType<typeof gym>>;
/** The verdict of each run under a fault, by fault. */
let underFault: ReadonlyMap<string, Verdict>;
beforeAll(async () => {
  proof = await gym(checkout.path, ['prove', 'shuffle', '--full'], env);
  const verdicts = runsOf(checkout.path).map((run) =>
    verdictSchema.parse(JSON.parse(readFileSync(join(runFolder(checkout.path, run), 'verdict.json'), 'utf8'))),
  );
  const [clean] = verdicts.filter(({ fault }) => fault === undefined);
  if (clean === undefined) throw new Error(`there was no clean run\n${proof.stdout}\n${proof.stderr}`);
  correct = clean;
  underFault = new Map(verdicts.flatMap((verdict) => (verdict.fault === undefined ? [] : [[verdict.fault, verdict]])));
  expect(leftOf(checkout.path)).toEqual([]);
}, 600_000);

test('every gate is proven to be able to fail', () => {
  expect(proof.stdout).toMatch(/\nPROVEN {2}shuffle: 12 of 12 gates can fail\n/);
  expect(proof.exitCode).toBe(0);
});

test('a verdict says of each gate that it is proven, until what judges changes', async () => {
  const proven = await judged();
  expect(new Set(proven.checks.map((check) => check.proof))).toEqual(new Set(['proven']));
  expect(proven.headline).not.toContain('UNPROVEN');
  // It takes over what the clean run of the proof came to.
  expect(proven.headline).toContain(`cached from run ${correct.run}`);
  expect(correct.headline).toMatch(/; UNPROVEN: every gate$/);
});

test('the shuffle as it is passes', () => {
  expect(correct).toMatchObject({ state: 'pass', exitCode: 0, distance: 0, problems: [] });
  expect(correct.checks.map(({ state }) => state)).toEqual(correct.checks.map(() => 'pass'));
  expect(correct.checks.length).toBeGreaterThanOrEqual(12);
  expect(evidenceSum(correct.run, 'workers', 'sent_payload_bytes')).toBe(16n * 1024n * 1024n);
});

/** How the amount of a fault is known from the evidence of its run. */
const amounts: Record<string, { channel: string; plausible: (run: string, off: bigint) => void }> = {
  'double-count-on-retry': {
    channel: 'tcp',
    // What was sent again is counted with its framing and compressed; its payload is a few times that.
    plausible(run, off) {
      const retried = evidenceSum(run, 'workers', 'sent_retried_bytes', { channel: 'tcp' });
      expect(retried).toBeGreaterThan(0n);
      expect(off).toBeGreaterThan(retried);
      expect(off).toBeLessThan(retried * 20n);
    },
  },
  'framing-counted': {
    channel: 'shm',
    // The run of the code as it is tells how much framing there is in shared files: all of it, and nothing else, is off.
    plausible(_, off) {
      expect(off).toBeGreaterThan(0n);
      expect(off).toBe(evidenceSum(correct.run, 'workers', 'sent_framing_bytes', { channel: 'shm' }));
    },
  },
};

describe('a fault in the source is caught by the checks that its patch names', () => {
  test('every fault names some', () => {
    expect(faults.length).toBeGreaterThanOrEqual(6);
    expect(faults.filter(({ caughtBy }) => caughtBy.length === 0)).toEqual([]);
    expect(Object.keys(amounts).filter((name) => !faults.some(({ fault }) => fault === name))).toEqual([]);
  });

  test.each(faults)('$fault', ({ fault, caughtBy }) => {
    const verdict = underFault.get(fault);
    if (verdict === undefined) throw new Error('it was not tried');
    expect(verdict).toMatchObject({ state: 'fail', exitCode: 1, fault, problems: [] });
    const states = caughtBy.map((name) => [name, checkOf(verdict, name)?.state]);
    expect(states).toEqual(caughtBy.map((name) => [name, 'fail']));
    expect(verdict.distance).toBeGreaterThan(0);
    // A source fault in the attribution breaks no test of the system: only the judge can see it.
    const isSeenByCases = caughtBy.some((name) => verdict.stages.some(({ stage }) => stage === name));
    if (!isSeenByCases) expect(verdict.stages.map(({ state }) => state)).toEqual(['pass', 'pass', 'pass']);

    const amount = amounts[fault];
    if (amount === undefined) return;
    const off = excess(verdict.run, amount.channel);
    amount.plausible(verdict.run, off);
    const check = checkOf(verdict, 'bytes-by-channel');
    const part = check?.parts.find((each) => each.part.includes(amount.channel));
    expect(bytesIn(part?.off ?? '')).toBe(off);
    expect(check?.because).toContain(`+${off.toLocaleString('en-US')} bytes`);
    for (const other of ['local', 'shm', 'tcp'].filter((channel) => channel !== amount.channel)) {
      expect(excess(verdict.run, other)).toBe(0n);
    }
  });
});
