// The whole shuffle, once. Whether its bytes are attributed rightly is not judged here: that takes witnesses from outside.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Report } from './report.ts';
import { runAndReport } from './run.ts';

describe('a shuffle of all workers', () => {
  let report: Report | undefined;

  it('completes, and every worker reports it', async () => {
    report = await runAndReport();
    assert.ok(report.workers.length > 1);
    for (const { worker, job } of report.workers) assert.equal(job, report.job, `${worker} reports another job`);
  });

  it('brings every partition to its one owner, from every worker', () => {
    assert.ok(report, 'there is no report');
    const { workers, partitions } = report;
    const arrived = workers.flatMap((worker) => worker.partitions);
    const expected = Array.from({ length: partitions }, (_, partition) => partition);
    assert.deepEqual(
      arrived.map(({ partition }) => partition).sort((left, right) => left - right),
      expected,
    );
    for (const { partition, sources } of arrived)
      assert.equal(sources, workers.length, `partition ${partition} is not complete`);
  });
});
