import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { up } from '../../../gym/environment/up.ts';
import { bench, docker, labelled, messageOf } from './support.ts';

const gym = bench();

describe('up that fails', () => {
  it('names the service whose health check fails, what it said, and the end of its log; nothing is left', async () => {
    const request = gym.request();
    const brought = await gym.up(
      `
services:
  good: {image: "debian:bookworm-slim", init: true, command: [sleep, "1000"], volumes: ["data:/data"]}
  sick:
    image: debian:bookworm-slim
    init: true
    command: [sh, -c, "echo I am not well; exec sleep 1000"]
    healthcheck: {test: "echo no pulse; false", interval: 300ms, retries: 2, timeout: 400ms}
volumes: {data: {}}
`,
      { project: request.project },
    );
    expect(messageOf(brought)).toBe(
      [
        'service sick is not healthy: its health check did not succeed within 1 s',
        'its health check said last: no pulse',
        'the end of its log:',
        '  I am not well',
      ].join('\n'),
    );
    expect(brought).toMatchObject({ problems: [{ kind: 'environment', place: { service: 'sick' } }] });
    expect(labelled(`dev.gym.project=${request.project}`)).toEqual([]);
  });

  it('says so when a try of the health check hangs', async () => {
    const brought = await gym.up(`
services:
  slow:
    image: debian:bookworm-slim
    init: true
    command: [sleep, "1000"]
    healthcheck: {test: [CMD, sleep, "100"], interval: 200ms, retries: 4, timeout: 300ms}
`);
    expect(messageOf(brought)).toMatch(
      /did not succeed within 1\.1 s\nits health check said last: a try did not end within 0\.3 s/,
    );
  });

  it('names the culprit when the deadline passes', async () => {
    const brought = await gym.up(
      `
services:
  first:
    image: debian:bookworm-slim
    init: true
    command: [sleep, "1000"]
    healthcheck: {test: [CMD, test, -f, /never], interval: 30s}
  second: {image: "debian:bookworm-slim", depends_on: {first: {condition: service_healthy}}}
`,
      { deadlineMs: 1500 },
    );
    expect(messageOf(brought)).toMatch(/^the environment was not up within 1\.5 s: service first is not healthy yet\n/);
  });

  it('tells of a service that ends, with its exit code and log', async () => {
    const brought = await gym.up(`
services:
  job: {image: "debian:bookworm-slim", command: [sh, -c, "echo cannot migrate >&2; exit 4"]}
  api: {image: "debian:bookworm-slim", depends_on: {job: {condition: service_completed_successfully}}}
`);
    expect(messageOf(brought)).toBe(
      'service job ended with exit code 4 before the environment was up\nthe end of its log:\n  cannot migrate',
    );
    expect(brought).toMatchObject({ problems: [{ kind: 'crash', place: { service: 'job' } }] });
  });

  it.each([
    ['nosuch', '"nosuch": executable file not found in $PATH'],
    ['/etc/passwd', '"/etc/passwd": permission denied'],
  ])('tells of a command that cannot be started: %s', async (command, because) => {
    const brought = await gym.up(`services:\n  app: {image: "debian:bookworm-slim", command: [${command}]}\n`);
    const message = `the command of service app cannot be started: ${because}`;
    const remedy = 'Mend its command or entrypoint, or what is in its image.';
    expect(brought).toEqual({
      ok: false,
      problems: [{ kind: 'environment', message, place: { service: 'app' }, remedy }],
    });
  });

  it.each([
    { ends: 'exit 3', said: 'exit code 3', kind: 'crash' },
    { ends: 'exit 0', said: 'exit code 0', kind: 'crash' },
    { ends: 'kill -SEGV $$$$', said: 'exit code 139', kind: 'crash' },
    { ends: 'kill -TERM $$$$', said: 'exit code 143', kind: 'environment' },
    { ends: 'tail /dev/zero', said: 'exit code 137 for lack of memory', kind: 'environment' },
  ])('tells of a service that ends before it is healthy, by itself or not: $ends', async ({ ends, said, kind }) => {
    const brought = await gym.up(`
services:
  app:
    image: debian:bookworm-slim
    init: true
    command: [bash, -c, "echo begun; sleep 0.3; ${ends}"]
    mem_limit: 32m
    memswap_limit: 32m
    healthcheck: {test: [CMD, "false"], interval: 1s, retries: 600}
  user: {image: "debian:bookworm-slim", depends_on: {app: {condition: service_healthy}}}
`);
    expect(messageOf(brought)).toMatch(new RegExp(`^service app ended with ${said} before the environment was up\n`));
    expect(brought).toMatchObject({ problems: [{ kind, place: { service: 'app' } }] });
  });

  it('tells of the service that ended first, and not of those that ended because of that', async () => {
    const healthcheck = 'healthcheck: {test: [CMD, "false"], interval: 1s, retries: 600}';
    const brought = await gym.up(`
services:
  database:
    image: debian:bookworm-slim
    init: true
    command: [bash, -c, "sleep 1; yes | head -c 5000000; kill -KILL $$$$"]
    ${healthcheck}
  app:
    image: debian:bookworm-slim
    init: true
    command: [bash, -c, "until getent hosts database; do :; done; while getent hosts database; do :; done; exit 1"]
    ${healthcheck}
`);
    expect(messageOf(brought)).toMatch(/^service database ended with exit code 137 before the environment was up\n/);
    expect(brought).toMatchObject({ problems: [{ kind: 'environment' }] });
  });

  it('refuses to wait for the health of a service that has no health check', async () => {
    const brought = await gym.up(`
services:
  a: {image: "debian:bookworm-slim", init: true, command: [sleep, "1000"]}
  b: {image: "debian:bookworm-slim", depends_on: {a: {condition: service_healthy}}}
`);
    const place = { file: join(gym.folder, 'compose.yaml'), line: 4, service: 'b' };
    expect(brought).toMatchObject({ ok: false, problems: [{ kind: 'definition', place }] });
    expect(messageOf(brought)).toBe('depends_on: service "a" has no health check to be healthy by');
  });

  it('shows the step at which a build fails, and its last lines', async () => {
    const context = join(gym.folder, 'ctx');
    mkdirSync(context);
    writeFileSync(
      join(context, 'Dockerfile'),
      'FROM debian:bookworm-slim\nRUN echo fine\nRUN echo what is wrong && exit 9\n',
    );
    const brought = await gym.up('services: {a: {build: ctx}}');
    expect(messageOf(brought)).toMatch(
      /the image of a could not be built: .*RUN echo what is wrong && exit 9\n {2}what is wrong\n.*9/,
    );
  });

  it('tells of an image that is not there and cannot be pulled', async () => {
    const brought = await gym.up('services: {a: {image: "127.0.0.1:1/none:1"}}');
    expect(messageOf(brought)).toMatch(
      /^the image 127\.0\.0\.1:1\/none:1 is not on this machine and could not be pulled: /,
    );
  });

  it('says which engine does not answer', async () => {
    gym.write('compose.yaml', 'services: {a: {image: x}}');
    const brought = await up(gym.request({ ambient: { DOCKER_HOST: `unix://${gym.folder}/none.sock` } }));
    expect(messageOf(brought)).toContain(`no Docker engine answers at unix://${gym.folder}/none.sock (ENOENT)`);
    expect(brought).toMatchObject({
      problems: [{ kind: 'environment', remedy: expect.stringContaining('DOCKER_HOST') }],
    });
    const tcp = await up(gym.request({ ambient: { DOCKER_HOST: 'tcp://127.0.0.1:1' } }));
    expect(messageOf(tcp)).toContain('no Docker engine answers at tcp://127.0.0.1:1 (ECONNREFUSED)');
  });

  it('leaves nothing when it is interrupted, at whatever moment', async () => {
    const text = `
services:
  a: {image: "debian:bookworm-slim", init: true, command: [sleep, "1000"], volumes: ["data:/data"]}
  b: {image: "debian:bookworm-slim", init: true, command: [sleep, "1000"], depends_on: [a]}
volumes: {data: {}}
`;
    for (const afterMs of [0, 40, 120, 250, 400]) {
      const { project } = gym.request();
      const observed = [
        { kind: 'network', service: 'a' },
        { kind: 'volume', volume: 'data' },
      ] as const;
      const brought = await gym.up(text, { project, observed, signal: AbortSignal.timeout(afterMs) });
      expect(messageOf(brought)).toMatch(/^interrupted/);
      expect(labelled(`dev.gym.project=${project}`)).toEqual([]);
    }
  });

  it('does not touch an environment of the same name that is up', async () => {
    const text = 'services: {a: {image: "debian:bookworm-slim", init: true, command: [sleep, "1000"]}}';
    const environment = await gym.mustUp(text);
    expect(messageOf(await gym.up(text, { project: environment.project }))).toMatch(/already there$/);
    expect(docker('ps', '-q', '--filter', `label=dev.gym.project=${environment.project}`)).not.toBe('');
  });
});
