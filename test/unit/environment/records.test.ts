import { describe, expect, it } from 'vitest';
import {
  Cursor,
  framedRecords,
  nanoseconds,
  type RecordPiece,
  terminalRecords,
} from '../../../gym/environment/records.ts';

const second = (number: number): string => `2026-11-20T10:00:0${number}.000000001Z`;

function frame(type: number, text: string): Buffer {
  const header = Buffer.from([type, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Each record as stream, time and text. */
async function recordsOf(source: AsyncIterable<RecordPiece>): Promise<string[]> {
  const records: string[] = [];
  for await (const { stream, at, isFirst, bytes } of source) {
    const text = Buffer.from(bytes).toString();
    if (isFirst) records.push(`${stream} ${at - nanoseconds(second(0))} ${text}`);
    else records.push(`${records.pop()}${text}`);
  }
  return records;
}

describe('records of the engine log', () => {
  it.each([1, 5, 31, 1000])('are taken apart by their frames, in pieces of %d bytes', async (size) => {
    const bytes = Buffer.concat([
      frame(1, `${second(1)} a b\n`),
      frame(2, `${second(2)} half`),
      frame(1, `${second(3)} \n`),
    ]);
    const records = await recordsOf(framedRecords(pieces(bytes, size)));
    expect(records).toEqual(['stdout 1000000000 a b\n', 'stderr 2000000000 half', 'stdout 3000000000 \n']);
  });

  it.each([1, 31, 9000, 100_000])('are taken apart without frames, in pieces of %d bytes', async (size) => {
    const long = 'x'.repeat(16 * 1024);
    const printed = `${second(0)} printed by the program\n`;
    const text = `${second(1)} ${printed}${second(2)} ${long}${second(2)} rest\n${second(3)} cut off${second(4)} anew\n${second(5)} end`;
    expect(await recordsOf(terminalRecords(pieces(Buffer.from(text), size)))).toEqual([
      `stdout 1000000000 ${printed}`,
      `stdout 2000000000 ${long}`,
      'stdout 2000000000 rest\n',
      'stdout 3000000000 cut off',
      'stdout 4000000000 anew\n',
      'stdout 5000000000 end',
    ]);
  });

  it('have times of any zone', () => {
    expect(nanoseconds('2026-11-20T11:00:00.5+01:00') - nanoseconds('2026-11-20T10:00:00Z')).toBe(500_000_000n);
  });

  it('are taken once, however often they are read', () => {
    const cursor = new Cursor();
    const read = (...records: readonly ['stdout' | 'stderr', bigint][]): boolean[] => {
      cursor.begin();
      return records.map(([stream, at]) => cursor.takes({ stream, at, isFirst: true, bytes: new Uint8Array() }));
    };
    expect(read(['stdout', 1n], ['stdout', 2n], ['stderr', 1n])).toEqual([true, true, true]);
    // Another part of the line of time 2, and what was written to the other stream before.
    const all = [
      ['stdout', 1n],
      ['stdout', 2n],
      ['stdout', 2n],
      ['stderr', 1n],
      ['stderr', 2n],
    ] as const;
    expect(read(...all.map(([stream, at]): ['stdout' | 'stderr', bigint] => [stream, at]))).toEqual([
      ...[false, false, true],
      ...[false, true],
    ]);
    expect(read(['stdout', 2n], ['stdout', 2n], ['stdout', 3n])).toEqual([false, false, true]);
  });
});
