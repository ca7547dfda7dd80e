import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { PeerUsage } from '../../src/attribution.ts';
import { runShuffle, ShuffleFailed } from '../../src/driver.ts';
import type { JobSpec } from '../../src/job.ts';
import type { WorkerAddress } from '../../src/topology.ts';
import { Cluster } from './cluster.ts';

const DEADLINES = { readyMs: 10_000, runMs: 20_000 };
let lastJob = 0;

function job(workers: readonly WorkerAddress[], changes: Partial<JobSpec> = {}): JobSpec {
  const spec = { totalRows: 300_000, partitions: 8, compression: 'zstd', resetEvery: 0 } as const;
  lastJob += 1;
  return { job: lastJob, ...spec, workers, ...changes };
}

function transfersOf(usages: readonly PeerUsage[]): number {
  return usages.reduce((total, { transfers }) => total + transfers, 0);
}

describe('two workers of one host', () => {
  it('exchange their partitions through files', async () => {
    await using cluster = await Cluster.start({ 'worker-1': 'host-a', 'worker-2': 'host-a' });
    const reports = await runShuffle(job(cluster.workers), DEADLINES);
    assert.deepEqual(
      reports.map(({ partitions }) => partitions.map(({ partition }) => partition)),
      [
        [0, 2, 4, 6],
        [1, 3, 5, 7],
      ],
    );
    for (const { channels, sent } of reports) {
      assert.deepEqual(channels, ['local', 'shm']);
      assert.equal(transfersOf(sent), 8);
    }
  });
});

describe('two workers of two hosts', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start({ 'worker-1': 'host-a', 'worker-2': 'host-b' });
  });
  after(() => cluster[Symbol.asyncDispose]());

  it('exchange their partitions over connections, again where one is reset', async () => {
    const reports = await runShuffle(job(cluster.workers, { resetEvery: 3 }), DEADLINES);
    const resets = reports.map(({ connections }) => connections.reset);
    assert.ok(
      resets.every((count) => count > 0),
      'the resets that were asked for did not happen',
    );
    for (const { partitions, sent } of reports) {
      assert.ok(partitions.every(({ sources }) => sources === 2));
      assert.equal(transfersOf(sent), 8);
    }
  });

  it('can shuffle again, and say what they were asked to do', async () => {
    const jobBefore = lastJob;
    const jobs = [job(cluster.workers), job(cluster.workers, { compression: 'none' })];
    for (const spec of jobs) {
      const reports = await runShuffle(spec, DEADLINES);
      assert.deepEqual(
        reports.map((report) => report.job),
        [spec.job, spec.job],
      );
    }
    for (const lines of cluster.logs.values()) {
      const active = lines.filter((line) => line['msg'] === 'config active' && line['job'] !== jobBefore);
      assert.deepEqual(
        active.map((line) => line['job']),
        jobs.map((spec) => spec.job),
      );
      assert.deepEqual(
        active.map(({ channels }) => channels),
        [
          ['local', 'tcp'],
          ['local', 'tcp'],
        ],
      );
    }
  });

  // The last one, for nobody starts the worker again.
  it('make the driver name the one that dies, soon', async () => {
    // Large enough that it cannot be done before the kill.
    const shuffle = runShuffle(job(cluster.workers, { totalRows: 50_000_000 }), DEADLINES);
    setTimeout(() => cluster.kill('worker-2'), 200);
    const started = performance.now();
    await assert.rejects(shuffle, (error) => error instanceof ShuffleFailed && error.message.includes('worker-2'));
    assert.ok(performance.now() - started < 5_500);
  });
});
