// Removes what the gym whose name (`thisOwner`) is the first argument has left behind. An entry of its own: see environment/watchdog.ts.
import { setTimeout as sleep } from 'node:timers/promises';
import { connectEngine, type Engine } from '../environment/engine.ts';
import { sweepEngine } from '../environment/sweep.ts';
import { ownerState } from '../store/owner.ts';
import { killOwned } from '../store/processes.ts';

/** How long a process may take to go after the end of its pipe. */
const goingMs = 10_000;
/** How long an engine that does not answer is waited for. */
const engineMs = 60_000;
const roundMs = 20;
/** Pauses before further looks: what the engine was asked for last may come to be after the one who asked has gone. */
const pausesMs = [50, 100, 200, 400, 800, 1600, 3000];

const [owner = ''] = process.argv.slice(2);
if (await isGone()) {
  await killOwned(owner);
  const engine = await connected();
  if (engine !== undefined) await reap(engine);
}

async function isGone(): Promise<boolean> {
  const until = performance.now() + goingMs;
  for (;;) {
    const state = ownerState(owner);
    if (state !== 'alive' || performance.now() > until) return state === 'gone';
    await sleep(roundMs);
  }
}

async function connected(): Promise<Engine | undefined> {
  const until = performance.now() + engineMs;
  for (;;) {
    const engine = await connectEngine(process.env);
    if (engine.ok) return engine.value;
    if (performance.now() > until) return undefined;
    await sleep(500);
  }
}

/** Failures are left to the next gym's sweep. */
async function reap(engine: Engine): Promise<void> {
  await sweepEngine(engine, owner);
  // Loaded when the rest is done: most have none.
  const { sweepAllFaults } = await import('./sweep.ts');
  await sweepAllFaults(process.env);
  // A reset that was cut off has taken the mark from what others had made.
  await sweepEngine(engine);
  for (const pauseMs of pausesMs) {
    await sleep(pauseMs);
    await Promise.all([killOwned(owner), sweepEngine(engine, owner)]);
  }
}
