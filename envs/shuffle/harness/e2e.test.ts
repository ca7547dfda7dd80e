// The whole shuffle, once. Whether its bytes are attributed rightly is not judged here: that takes witnesses from outside.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Report } from './report.ts';
import { runAndReport } from './run.ts';

describe('a shuffle of all workers', () => {
  let report: Report;

  before(async () => {
    report = await runAndReport();
  });

  it('is reported by every worker', () => {
    assert.equal(report.workers.length, new Set(report.pairs.map(({ from }) => from)).size);
    for (const { worker, job } of report.workers) assert.equal(job, report.job, `${worker} reports another job`);
  });

  it('brings every partition to its one owner, from every worker', () => {
    const arrived = report.workers.flatMap(({ partitions }) => partitions);
    const expected = Array.from({ length: report.partitions }, (_, partition) => partition);
    assert.deepEqual(
      arrived.map(({ partition }) => partition).sort((left, right) => left - right),
      expected,
    );
    for (const { partition, sources } of arrived)
      assert.equal(sources, report.workers.length, `partition ${partition} is not complete`);
  });
});
