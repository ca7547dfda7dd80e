import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { connectEngine } from '../../../gym/environment/engine.ts';
import { startHelper } from '../../../gym/environment/helper.ts';

test('witnesses are not read in the image of the service, even where the helper cannot be had', async () => {
  const asked: string[] = [];
  // The engine of the other tests has the image, and they need it: this one has none and reaches no registry.
  const server = createServer((request, response) => {
    const what = `${request.method} ${request.url?.replace(/^\/v[\d.]+/, '').replace(/\?.*/, '')}`;
    asked.push(what);
    if (what.endsWith('/_ping')) response.end('OK');
    else if (what.endsWith('/version')) response.end('{"ApiVersion":"1.41","Version":"20"}');
    else response.writeHead(404, { 'content-type': 'application/json' }).end('{"message":"not reachable"}');
  });
  const socket = join(tmpdir(), `gym-test-${process.pid}.sock`);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  onTestFinished(() => void server.close());
  const engine = await connectEngine({ DOCKER_HOST: `unix://${socket}` });
  if (!engine.ok) throw new Error(engine.problems[0].message);
  const parts = { engine: engine.value, project: 'p', labels: {} };
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
