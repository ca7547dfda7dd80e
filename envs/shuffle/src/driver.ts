import { lookup } from 'node:dns/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from './errors.ts';
import { RequestRefused, request } from './http.ts';
import { asRecord, type JobSpec } from './job.ts';
import type { WorkerReport } from './report.ts';
import { splitAddress, type WorkerAddress } from './topology.ts';

const PROBE_EVERY_MS = 250;
const PROBE_TIMEOUT_MS = 1_000;
/** A worker that has not answered for so long is taken for dead. */
const SILENCE_MS = 2_500;

/** A shuffle that did not complete. The message names the workers at fault. */
export class ShuffleFailed extends Error {
  override readonly name = 'ShuffleFailed';
}

/** How long a shuffle may take. */
export interface Deadlines {
  readonly readyMs: number;
  readonly runMs: number;
}

/**
 * Runs one shuffle over all workers and collects their reports, in the order of the job's workers. Throws
 * `ShuffleFailed` when a worker dies, fails or is too slow; the others are told to stop then.
 */
export async function runShuffle(spec: JobSpec, deadlines: Deadlines): Promise<WorkerReport[]> {
  await Promise.all(spec.workers.map((worker) => waitUntilReady(worker, deadlines.readyMs)));
  const workers = await Promise.all(spec.workers.map(resolveName));
  let silent: WorkerAddress[] = [];
  const stop = new AbortController();
  const deadline = AbortSignal.timeout(deadlines.runMs);
  const signal = AbortSignal.any([stop.signal, deadline]);
  const ask = (method: 'GET' | 'PUT' | 'POST', path: string, body?: unknown) =>
    Promise.all(workers.map((worker) => askWorker(worker, method, path, signal, body)));
  try {
    const watch = Promise.race(workers.map((worker) => watchHealth(worker, signal)));
    // Every worker must take transfers before one of them sends, and no report is final before all are done.
    const work = ask('PUT', '/job', spec)
      .then(() => ask('POST', '/job/run'))
      .then(() => ask('GET', '/job/report'));
    const reports = await Promise.race([work, watch]);
    return reports.map(parseReport);
  } catch (error) {
    silent = await findSilent(workers);
    const names = silent.map(({ name }) => name).join(', ');
    if (silent.length > 0) throw new ShuffleFailed(`no answer from ${names}: dead or unreachable`);
    if (deadline.aborted) throw new ShuffleFailed(`the shuffle was not done within ${deadlines.runMs} ms`);
    throw new ShuffleFailed(messageOf(error));
  } finally {
    stop.abort();
    await Promise.allSettled(workers.filter((worker) => !silent.includes(worker)).map(release));
  }
}

/** Polls until the worker answers. Throws `ShuffleFailed` after the deadline. */
async function waitUntilReady(worker: WorkerAddress, withinMs: number): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await isAlive(worker))) {
    if (performance.now() > end) throw new ShuffleFailed(`${worker.name} was not ready within ${withinMs} ms`);
    await sleep(PROBE_EVERY_MS / 5);
  }
}

/** Looks a worker's name up once and for all: the name of a container that has died takes seconds to be refused. */
async function resolveName(worker: WorkerAddress): Promise<WorkerAddress> {
  const { host, port } = splitAddress(worker.control);
  const { address } = await lookup(host, { family: 4 });
  return { ...worker, control: `${address}:${port}` };
}

/** Never resolves; throws `ShuffleFailed` once the worker has been silent for too long, or when the run is over. */
async function watchHealth(worker: WorkerAddress, signal: AbortSignal): Promise<never> {
  let lastAnswer = performance.now();
  for (;;) {
    await sleep(PROBE_EVERY_MS, undefined, { signal });
    if (await isAlive(worker)) lastAnswer = performance.now();
    const silenceMs = Math.round(performance.now() - lastAnswer);
    if (silenceMs > SILENCE_MS) throw new ShuffleFailed(`${worker.name} has not answered for ${silenceMs} ms`);
  }
}

/** The workers that do not answer now. */
async function findSilent(workers: readonly WorkerAddress[]): Promise<WorkerAddress[]> {
  const alive = await Promise.all(workers.map(isAlive));
  return workers.filter((_, index) => !alive[index]);
}

async function isAlive(worker: WorkerAddress): Promise<boolean> {
  try {
    await request(worker.control, 'GET', '/health', AbortSignal.timeout(PROBE_TIMEOUT_MS));
    return true;
  } catch {
    return false;
  }
}

async function release(worker: WorkerAddress): Promise<void> {
  await request(worker.control, 'DELETE', '/job', AbortSignal.timeout(PROBE_TIMEOUT_MS));
}

/** Asks one worker; the error says which one it was and whether it answered. */
async function askWorker(
  worker: WorkerAddress,
  method: 'GET' | 'PUT' | 'POST',
  path: string,
  signal: AbortSignal,
  body?: unknown,
): Promise<unknown> {
  try {
    return await request(worker.control, method, path, signal, body);
  } catch (error) {
    const how = error instanceof RequestRefused ? 'failed' : 'broke off';
    throw new ShuffleFailed(`${worker.name} ${how}: ${messageOf(error)}`);
  }
}

function parseReport(value: unknown): WorkerReport {
  if (!isReport(value)) throw new ShuffleFailed(`a worker's report is not one: ${JSON.stringify(value).slice(0, 200)}`);
  return value;
}

/** Looks at the outline only: driver and workers are of one image. */
function isReport(value: unknown): value is WorkerReport {
  const fields = asRecord(value, 'report');
  return typeof fields['worker'] === 'string' && Array.isArray(fields['sent']) && Array.isArray(fields['received']);
}
