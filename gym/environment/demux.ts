/** A piece of what a container printed. */
export interface OutputPiece {
  readonly stream: 'stdout' | 'stderr';
  readonly bytes: Uint8Array;
  /** Whether a frame begins with it. */
  readonly isStart: boolean;
}

const headerBytes = 8;

/**
 * Takes the engine's multiplexed stream apart: frames of a header (stream type, three zero bytes, big-endian length) and that many bytes.
 * Nothing is held back: what has arrived of a frame is handed on. Source: Docker Engine API, "Attach to a container", stream format.
 */
export async function* demultiplex(source: AsyncIterable<Uint8Array | string>): AsyncGenerator<OutputPiece> {
  const header = Buffer.alloc(headerBytes);
  let headerFilled = 0;
  let remaining = 0;
  let stream: OutputPiece['stream'] = 'stdout';
  let isStart = true;
  for await (const chunk of source) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    let at = 0;
    while (at < bytes.length) {
      if (remaining > 0) {
        const end = Math.min(bytes.length, at + remaining);
        remaining -= end - at;
        yield { stream, bytes: bytes.subarray(at, end), isStart };
        isStart = false;
        at = end;
      } else {
        header[headerFilled] = bytes[at] ?? 0;
        headerFilled += 1;
        at += 1;
        if (headerFilled === headerBytes) {
          headerFilled = 0;
          stream = header[0] === 2 ? 'stderr' : 'stdout';
          remaining = header.readUInt32BE(4);
          isStart = true;
        }
      }
    }
  }
}

/** The output of a container with a terminal: one stream, without frames. */
export async function* undivided(source: AsyncIterable<Uint8Array | string>): AsyncGenerator<OutputPiece> {
  for await (const chunk of source) {
    yield { stream: 'stdout', bytes: typeof chunk === 'string' ? Buffer.from(chunk) : chunk, isStart: false };
  }
}
