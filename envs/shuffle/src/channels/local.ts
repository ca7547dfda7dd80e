import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Ledger } from '../attribution.ts';
import { batches, ROW_BYTES } from '../columns.ts';
import { type Inbox, Staging } from '../inbox.ts';
import type { Transfer } from '../outgoing.ts';

const ROWS_PER_BATCH = 8_192;

/** Hands a transfer to the worker's own inbox, batch by batch. Nothing is framed, copied or sent. */
export async function sendLocal(transfer: Transfer, worker: string, ledger: Ledger, inbox: Inbox): Promise<void> {
  const sent = ledger.open('sent', worker, 'local');
  const received = ledger.open('received', worker, 'local');
  const staging = new Staging();
  for (const batch of batches(transfer.columns, ROWS_PER_BATCH)) {
    staging.add(batch);
    const rows = batch.distance.length;
    const sizes = { rows, headerBytes: 0, encodedBytes: rows * ROW_BYTES, bodyBytes: rows * ROW_BYTES };
    sent.frame(sizes);
    received.frame(sizes);
  }
  inbox.keep(transfer.source, transfer.partition, staging);
  sent.commit();
  received.commit();
  await nextTurn();
}
