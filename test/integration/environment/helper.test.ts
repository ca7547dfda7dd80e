import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runBeside } from '../../../gym/environment/beside.ts';
import { connectEngine, type Engine } from '../../../gym/environment/engine.ts';
import { startHelper } from '../../../gym/environment/helper.ts';

/** One that has no image and reaches no registry: the engine of the other tests has them, and they need them. */
async function bareEngine(): Promise<{ engine: Engine; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const what = `${request.method} ${request.url?.replace(/^\/v[\d.]+/, '').replace(/\?.*/, '')}`;
    asked.push(what);
    if (what.endsWith('/_ping')) response.end('OK');
    else if (what.endsWith('/version')) response.end('{"ApiVersion":"1.41","Version":"20"}');
    else response.writeHead(404, { 'content-type': 'application/json' }).end('{"message":"not reachable"}');
  });
  const socket = join(tmpdir(), `gym-test-${randomUUID()}.sock`);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  onTestFinished(() => void server.close());
  const engine = await connectEngine({ DOCKER_HOST: `unix://${socket}` });
  if (!engine.ok) throw new Error(engine.problems[0].message);
  return { engine: engine.value, asked };
}

test('witnesses are not read in the image of the service, even where the helper cannot be had', async () => {
  const { engine, asked } = await bareEngine();
  const parts = { engine, project: 'p', labels: {} };
  const started = await startHelper(parts, { kind: 'volume', volume: 'data' }, 'p_data');
  expect(started).toMatchObject({
    ok: false,
    problems: [
      {
        kind: 'environment',
        message: expect.stringMatching(
          /^the image debian:bookworm-slim is not on this machine and could not be pulled/,
        ),
        remedy: expect.stringContaining('docker pull debian:bookworm-slim'),
      },
    ],
  });
  expect(asked).toContain('POST /images/create');
  expect(asked).not.toContain('POST /containers/create');
});

test('a load without the image that it needs says which one to bring', async () => {
  const { engine, asked } = await bareEngine();
  const parts = { engine, prefix: 'p', labels: {}, networks: new Map([['default', 'p_default']]) };
  const request = {
    name: 'load-people',
    network: 'default',
    command: ['node'],
    files: [],
    onOutput: () => undefined,
    signal: new AbortController().signal,
    timeoutMs: 1000,
  };
  const image = 'node:24-bookworm-slim';
  expect(await runBeside(parts, request)).toMatchObject({
    ok: false,
    problems: [
      {
        message: expect.stringContaining(`the image ${image} is not on this machine and could not be pulled`),
        remedy: `Bring it yourself: docker pull ${image}. load-people runs in it, on the environment's network.`,
      },
    ],
  });
  expect(await runBeside(parts, { ...request, network: 'defualt' })).toMatchObject({
    ok: false,
    problems: [{ message: 'the Compose file has no network defualt', remedy: 'Did you mean default?' }],
  });
  expect(asked).not.toContain('POST /containers/create');
});
