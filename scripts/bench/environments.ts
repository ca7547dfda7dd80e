import { join } from 'node:path';
import { execa } from 'execa';
import { benchCheckout, fourServices, seededServices } from './checkout.ts';
import { type Comparison, compare, timed } from './measure.ts';

const top = join(import.meta.dirname, '../..');
const up = ['up', '-d', '--wait'] as const;
const down = ['down', '-v', '-t', '0'] as const;

/** The example of this repository, four workers and a driver: up, and down until nothing is left. */
export async function benchShuffle(rounds: number): Promise<Comparison> {
  const gym = ['node', join(top, 'dist', 'gym.js')];
  const compose = ['compose', '-p', `gymbench${process.pid}`, '-f', join(top, 'envs', 'shuffle', 'compose.yaml')];
  const [ours, theirs]: [number[], number[]] = [[], []];
  await execa('docker', [...compose, 'build'], { cwd: top, stdin: 'ignore' });
  for (let round = -1; round < rounds; round += 1) {
    const gymMs =
      (await timed([...gym, 'up', 'shuffle'], top)) + (await timed([...gym, 'down', 'shuffle', '--wait'], top));
    const composeMs =
      (await timed(['docker', ...compose, ...up], top)) + (await timed(['docker', ...compose, ...down], top));
    // The first round only warms up.
    if (round < 0) continue;
    ours.push(gymMs);
    theirs.push(composeMs);
  }
  await execa('docker', [...compose, ...down, '--rmi', 'local'], { cwd: top, stdin: 'ignore' });
  return compare('shuffle: up, and down until nothing is left', ours, theirs, null);
}

/** Up, up again, reset and down of four services, gym and Compose in turn, so that both meet the same machine. */
export async function benchFourServices(rounds: number): Promise<Comparison[]> {
  using checkout = benchCheckout('four', fourServices);
  const { path, gym, compose } = checkout;
  const env = { HC: '1s' };
  const [ours, theirs] = [noFigures(), noFigures()];
  const measure = async (into: number[], command: readonly string[], counts: boolean): Promise<number> => {
    const ms = await timed(command, path, env);
    if (counts) into.push(ms);
    return ms;
  };
  for (let round = -1; round < rounds; round += 1) {
    // The first round only warms up.
    const counts = round >= 0;
    await measure(ours.up, gym('up'), counts);
    await measure(ours.again, gym('up'), counts);
    const started = performance.now();
    await measure(ours.down, gym('down'), counts);
    await timed(gym('down', '--wait'), path, env);
    if (counts) ours.gone.push(performance.now() - started);
    checkout.forgetStates();
    await timed(gym('up'), path, env);
    await measure(ours.seeded, gym('reset'), counts);
    await checkout.spareIsUp();
    await measure(ours.reset, gym('reset'), counts);
    await checkout.spareIsUp();
    await timed(gym('down', '--wait'), path, env);
    await timed(gym('up'), path, env);
    await measure(ours.kept, gym('reset'), counts);
    await checkout.spareIsUp();
    await timed(gym('down', '--wait'), path, env);

    await timed(gym('warm'), path, env);
    await measure(ours.warm, gym('up'), counts);
    await checkout.isRefilled();
    await timed(gym('down', '--wait'), path, env);

    await measure(theirs.up, compose(...up), counts);
    await measure(theirs.again, compose(...up), counts);
    const resetMs = (await timed(compose(...down), path, env)) + (await timed(compose(...up), path, env));
    if (counts) theirs.reset.push(resetMs);
    await measure(theirs.down, compose(...down), counts);
  }
  return [
    compare('cold up', ours.up, theirs.up, 0.3),
    compare('cold up, slots warm', ours.warm, theirs.up, 0.2),
    compare('up again, nothing changed', ours.again, theirs.again, 0.25),
    compare('reset, a spare being up', ours.reset, theirs.reset, 0.08),
    compare('first reset ever, which is seeded again', ours.seeded, theirs.reset, null),
    compare('first reset, the state being kept from before', ours.kept, theirs.reset, null),
    compare('down, as the user sees it', ours.down, theirs.down, 0.5),
    compare('down, until nothing is left', ours.gone, theirs.down, null),
  ];
}

/** Milliseconds, round after round. */
function noFigures(): Record<'up' | 'warm' | 'again' | 'reset' | 'seeded' | 'kept' | 'down' | 'gone', number[]> {
  return { up: [], warm: [], again: [], reset: [], seeded: [], kept: [], down: [], gone: [] };
}

/** Reset of a database of so many bytes. */
export async function benchState(what: string, bytes: number, rounds: number): Promise<Comparison[]> {
  using checkout = benchCheckout('state', seededServices(bytes));
  const { path, gym, compose } = checkout;
  const ours: number[] = [];
  const atOnce: number[] = [];
  const theirs: number[] = [];
  await timed(gym('up'), path);
  await timed(compose(...up), path);
  await timed(gym('reset'), path);
  for (let round = 0; round < rounds; round += 1) {
    await checkout.spareIsUp();
    ours.push(await timed(gym('reset'), path));
    // This one has to wait for the spare.
    atOnce.push(await timed(gym('reset'), path));
    theirs.push((await timed(compose(...down), path)) + (await timed(compose(...up), path)));
  }
  await timed(gym('down', '--wait'), path);
  await timed(compose(...down), path);
  return [
    compare(`reset with ${what} of data, a spare being up`, ours, theirs, 0.08),
    compare(`reset with ${what} of data, at once after another`, atOnce, theirs, null),
  ];
}
