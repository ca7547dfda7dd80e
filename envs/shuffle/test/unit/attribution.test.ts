import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Ledger } from '../../src/attribution.ts';

describe('the ledger', () => {
  it('keeps peers, channels and directions apart', () => {
    const ledger = new Ledger();
    const sizes = { rows: 1, headerBytes: 0, encodedBytes: 8, bodyBytes: 8 };
    for (const [direction, peer, channel] of [
      ['sent', 'worker-1', 'local'],
      ['sent', 'worker-2', 'shm'],
      ['sent', 'worker-3', 'tcp'],
      ['received', 'worker-3', 'tcp'],
    ] as const) {
      const entry = ledger.open(direction, peer, channel);
      entry.frame(sizes);
      entry.commit();
    }
    assert.equal(ledger.usage('sent').length, 3);
    assert.deepEqual(
      ledger.usage('received').map(({ peer, rows }) => [peer, rows]),
      [['worker-3', 1]],
    );
  });

  it('adds the transfers of a peer up', () => {
    const ledger = new Ledger();
    for (const rows of [100, 200]) {
      const entry = ledger.open('sent', 'worker-2', 'tcp');
      entry.frame({ rows, headerBytes: 32, encodedBytes: 8 * rows, bodyBytes: 8 * rows });
      entry.ack(32);
      entry.commit();
    }
    const [usage] = ledger.usage('sent');
    assert.equal(usage?.transfers, 2);
    assert.equal(usage?.rows, 300);
    assert.equal(usage?.payloadBytes, 2_400);
    assert.equal(usage?.frames, 2);
    assert.equal(usage?.ackBytes, 64);
  });

  it('counts a transfer that had to be sent again as one transfer and one retry', () => {
    const ledger = new Ledger();
    ledger.open('sent', 'worker-3', 'tcp').abandon();
    ledger.open('sent', 'worker-3', 'tcp').commit();
    const [usage] = ledger.usage('sent');
    assert.equal(usage?.transfers, 1);
    assert.equal(usage?.retriedTransfers, 1);
  });
});
