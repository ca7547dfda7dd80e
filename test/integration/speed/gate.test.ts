import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Environment } from '../../../gym/environment/environment.ts';
import { bench, docker, messageOf, run } from '../environment/support.ts';

const gym = bench();

/** `base` is an image with bash; services behind a gate need a shell at /bin/sh as well. */
const services = (base: string): string => `
x-base: &base
  ${base}
  environment: {WHO: me}
services:
  db:
    <<: *base
    init: true
    command: [bash, -c, "echo booting; sleep 0.2; touch /ready; exec sleep 1000"]
    healthcheck: {test: [CMD, test, -f, /ready], interval: 1s, retries: 30}
  seed:
    <<: *base
    command: [bash, -c, "getent hosts db | wc -l; exit 0"]
    depends_on: {db: {condition: service_healthy}}
  api:
    <<: *base
    entrypoint: [bash, -c, "echo $$0 $$#; env | cut -d= -f1 | sort | tr '\\\\n' ' '; readlink /proc/self/fd/0; cat; exec sleep 1000", zero]
    command: [one, "two words"]
    ports: ["80"]
    depends_on: {seed: {condition: service_completed_successfully}}
  last:
    <<: *base
    user: nobody
    working_dir: /tmp
    command: [bash, -c, "pwd; id -un; exec sleep 1000"]
    depends_on: [api]
`;
const withoutShell = `build: {dockerfile_inline: "FROM debian:bookworm-slim\\nRUN rm /bin/sh"}`;
const withShell = 'image: "debian:bookworm-slim"';

const isGated = (environment: Environment, service: string): boolean =>
  docker('inspect', '-f', '{{json .Config.Entrypoint}}', `${environment.project}-${service}`).includes('/bin/sh');

async function whatIsSeen(environment: Environment): Promise<unknown> {
  await environment.flushLogs();
  const addresses = ['db', 'api', 'last'].map(
    async (name) => (await run(environment, 'db', ['getent', 'hosts', name])).out,
  );
  const states = gym.events.flatMap((event) =>
    event.type === 'service.changed' ? [`${event.service} ${event.state} ${event.exitCode ?? ''}`] : [],
  );
  const ports = environment.publishedPort('api', 80) ?? 0;
  return {
    logs: ['db', 'seed', 'api', 'last'].map((name) => readFileSync(environment.logFile(name), 'utf8')),
    differentAddresses: new Set((await Promise.all(addresses)).map((line) => line.split(' ')[0])).size,
    order: ['db ready', 'seed started', 'seed exited', 'api started', 'last started'].map((state) =>
      states.findIndex((each) => each.startsWith(state)),
    ),
    isPublished: ports > 1024,
    deaths: environment.deaths(),
  };
}

describe('a gate', () => {
  it('gives what starting one after the other gives', async () => {
    const gated = await gym.mustUp(services(withShell));
    const withGate = await whatIsSeen(gated);
    expect(['db', 'seed', 'api', 'last'].map((name) => isGated(gated, name))).toEqual([false, true, true, true]);
    gym.events.length = 0;
    const plain = await gym.mustUp(services(withoutShell));
    const withoutGate = await whatIsSeen(plain);
    expect(['db', 'seed', 'api', 'last'].map((name) => isGated(plain, name))).toEqual([false, false, false, false]);
    const { order: gatedOrder, ...gatedRest } = Object(withGate);
    const { order: plainOrder, ...plainRest } = Object(withoutGate);
    expect(gatedRest).toEqual(plainRest);
    for (const order of [gatedOrder, plainOrder]) expect([...order].sort((a, b) => a - b)).toEqual(order);
    expect(gatedRest).toMatchObject({
      logs: ['booting\n', '1\n', 'zero 2\nHOME HOSTNAME PATH PWD SHLVL WHO _ /dev/null\n', '/tmp\nnobody\n'],
      differentAddresses: 3,
      isPublished: true,
      deaths: [],
    });
  });

  it('is open when its service is started again', async () => {
    const environment = await gym.mustUp(services(withShell));
    // One whose shell could make the marker by itself, and one whose shell could not.
    for (const service of ['api', 'last']) {
      docker('restart', '-t', '0', `${environment.project}-${service}`);
      await expect
        .poll(async () => (await run(environment, service, ['cat', '/proc/1/cmdline'])).out.split('\0'))
        .toEqual(['sleep', '1000', '']);
    }
  });

  it('lets a service that fails behind it be told as any other', async () => {
    const brought = await gym.up(`
services:
  db: {image: "debian:bookworm-slim", init: true, command: [sleep, "1000"]}
  bad: {image: "debian:bookworm-slim", command: [nothing-like-this], depends_on: [db]}
  seed: {image: "debian:bookworm-slim", command: [sh, -c, "echo wrong; exit 3"], depends_on: [db]}
  api: {image: "debian:bookworm-slim", command: [sleep, "1000"], depends_on: {seed: {condition: service_completed_successfully}, bad: {condition: service_completed_successfully}}}
`);
    expect(messageOf(brought)).toMatch(
      /service bad ended with exit code 127[\s\S]*nothing-like-this: not found|service seed ended with exit code 3[\s\S]*wrong/,
    );
  });
});
