import { describe, expect, it } from 'vitest';
import { followBuild } from '../../../../gym/environment/image/progress.ts';

/** A field of a protobuf message: number, and a text or a message. */
function field(number: number, value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 0x7f) | 0x80, bytes.length >> 7];
  return Buffer.concat([Buffer.from([number * 8 + 2, ...length]), bytes]);
}

const started = field(5, Buffer.from([8, 1]));

function trace(...fields: Buffer[]): string {
  return `${JSON.stringify({ id: 'moby.buildkit.trace', aux: Buffer.concat(fields).toString('base64') })}\n`;
}

function vertex(digest: string, name: string, ...more: Buffer[]): Buffer {
  return field(1, Buffer.concat([field(1, digest), field(3, name), ...more]));
}

function log(digest: string, text: string): Buffer {
  return field(3, Buffer.concat([field(1, digest), Buffer.from([3 * 8, 1]), field(4, text)]));
}

describe('followBuild', () => {
  it('tells the steps of BuildKit, and the one that failed with its last lines', () => {
    const build = followBuild();
    const stream = [
      trace(vertex('a', '[internal] load metadata', started), vertex('b', '[1/2] FROM x', started)),
      trace(vertex('c', '[2/2] RUN make'), vertex('b', '[1/2] FROM x', started)),
      trace(vertex('c', '[2/2] RUN make', started), log('c', 'compiling\nénd'), log('c', '\n')),
      trace(vertex('c', '[2/2] RUN make', started, field(7, 'exit code: 2'))),
      '{"errorDetail":{"message":"it failed"},"error":"it failed"}\n',
    ].join('');
    const bytes = Buffer.from(stream);
    const begun: string[] = [];
    for (let at = 0; at < bytes.length; at += 11) begun.push(...build.take(bytes.subarray(at, at + 11)));
    expect(begun).toEqual(['[1/2] FROM x', '[2/2] RUN make']);
    expect(build.failure()).toBe('[2/2] RUN make\n  compiling\n  énd\nit failed');
  });

  it('tells the same of the classic builder', () => {
    const build = followBuild();
    const say = (text: string): string => `${JSON.stringify({ stream: text })}\r\n`;
    const stream = `${say('Step 1/2 : FROM x\n')}${say(' ---> 1234\n')}${say('Step 2/2 : RUN make')}${say('\n')}${say('oops\n')}{"error":"code 2"}`;
    expect(build.take(Buffer.from(stream))).toEqual(['Step 1/2 : FROM x', 'Step 2/2 : RUN make']);
    expect(build.failure()).toBe('Step 2/2 : RUN make\n  oops\ncode 2');
  });

  it('keeps the last 20 lines of a step', () => {
    const build = followBuild();
    build.take(
      Buffer.from(
        trace(vertex('c', '[1/1] RUN seq', started), log('c', Array.from({ length: 50 }, (_, n) => `${n}\n`).join(''))),
      ),
    );
    build.take(Buffer.from(`${trace(vertex('c', '', field(7, 'e')))}{"error":"e"}\n`));
    expect(build.failure()?.split('\n')).toHaveLength(22);
    expect(build.failure()).toContain('\n  49\n');
  });

  it('has nothing to say of a build that went well', () => {
    const build = followBuild();
    build.take(Buffer.from('{"stream":"ok"}\nnot json\n'));
    expect(build.failure()).toBeUndefined();
  });
});
