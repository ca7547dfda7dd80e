import { describe, expect, it } from 'vitest';
import { demultiplex } from '../../../gym/environment/demux.ts';

function frame(type: number, text: string): Buffer {
  const header = Buffer.from([type, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('demultiplex', () => {
  const bytes = Buffer.concat([frame(1, 'hello\n'), frame(2, 'wörld'), frame(1, ''), frame(1, 'end')]);

  it.each([1, 2, 3, 7, 8, 9, 1000])('takes frames apart that come in pieces of %d bytes', async (size) => {
    let [out, err] = ['', ''];
    for await (const piece of demultiplex(pieces(bytes, size))) {
      const text = Buffer.from(piece.bytes).toString('latin1');
      if (piece.stream === 'stdout') out += text;
      else err += text;
    }
    expect([out, Buffer.from(err, 'latin1').toString('utf8')]).toEqual(['hello\nend', 'wörld']);
  });

  it('hands on what has come of a frame that is not complete', async () => {
    const got: string[] = [];
    for await (const piece of demultiplex(pieces(frame(1, 'abcdef').subarray(0, 11), 100))) {
      got.push(Buffer.from(piece.bytes).toString());
    }
    expect(got).toEqual(['abc']);
  });
});
