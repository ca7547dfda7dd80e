import { describe, expect, it } from 'vitest';
import type { Environment } from '../../../gym/environment/environment.ts';
import { bench, docker, labelled, messageOf, run } from '../environment/support.ts';

const gym = bench();

/** State in every place where a service may have it: a named volume, one without a name, its own files. */
const seeded = `
x-base: &base {image: "debian:bookworm-slim", init: true}
services:
  db:
    <<: *base
    command: [sh, -c, "echo booted >> /data/boots; touch /ready; exec sleep 1000"]
    healthcheck: {test: [CMD, test, -f, /ready], interval: 1s, retries: 30}
    volumes: ["data:/data", /var/anonymous]
    ports: ["80"]
  seed:
    <<: *base
    command: [sh, -c, "mkdir -p /data/base && echo rows > /data/base/table && chown -R 1234:4321 /data && chmod 700 /data; echo once >> /data/seeds; date +%N > /data/stamp; echo hidden > /var/anonymous/x"]
    volumes: ["data:/data"]
    volumes_from: [db]
    depends_on: {db: {condition: service_healthy}}
  api:
    <<: *base
    command: [sh, -c, "echo $$WHO; exec sleep 1000"]
    environment: {WHO: api}
    depends_on: {seed: {condition: service_completed_successfully}}
volumes: {data: {}}
`;

const lines = async (environment: Environment, service: string, script: string): Promise<string[]> =>
  (await run(environment, service, ['sh', '-c', script])).out.trim().split('\n');

const state = (environment: Environment): Promise<string[]> =>
  lines(
    environment,
    'db',
    'cat /data/base/table /data/seeds /var/anonymous/x; stat -c "%u:%g %a" /data; ls /data /var/anonymous; getent hosts api db | wc -l',
  );

async function spoil(environment: Environment): Promise<void> {
  const { outcome } = await run(environment, 'db', [
    'sh',
    '-c',
    'rm -r /data/base; echo bad > /data/bad; chmod 755 /data; echo bad > /var/anonymous/x; touch /bad',
  ]);
  expect(outcome).toMatchObject({ exitCode: 0 });
}

const seededState = [
  'rows',
  'once',
  'hidden',
  '1234:4321 700',
  '/data:',
  'base',
  'boots',
  'seeds',
  'stamp',
  '',
  '/var/anonymous:',
  'x',
  '2',
];

describe('reset', () => {
  it('gives the state right after the seeds, whether it has to be seeded or is taken from a copy or a spare', async () => {
    const environment = await gym.mustUp(seeded, { observed: [{ kind: 'volume', volume: 'data' }] });
    expect(await state(environment)).toEqual(seededState);
    const [firstStamp] = await lines(environment, 'db', 'cat /data/stamp');
    const stamps: string[] = [];
    for (const round of [1, 2, 3]) {
      await spoil(environment);
      const reset = await environment.reset();
      expect({ round, problem: messageOf(reset) }).toEqual({ round, problem: '' });
      expect(await state(environment)).toEqual(seededState);
      expect((await run(environment, 'db', ['ls', '/bad'])).outcome).toMatchObject({ exitCode: 2 });
      const [stamp = ''] = await lines(environment, 'db', 'cat /data/stamp');
      stamps.push(stamp);
      const seen = await environment.observe({ kind: 'volume', volume: 'data' }, ['cat', '/volume/base/table']);
      expect(seen).toEqual({ ok: true, value: 'rows\n' });
      expect(environment.deaths()).toEqual([]);
      expect(environment.publishedPort('db', 80)).toBeGreaterThan(1024);
    }
    // Seeded once more by the first reset; from then on its state is taken.
    expect(stamps[0]).not.toBe(firstStamp);
    expect(new Set(stamps).size).toBe(1);
    await environment.down();
    expect(labelled(`dev.gym.project=${environment.project}`)).toEqual([]);
    expect(docker('images', '-q', '--filter', `label=dev.gym.project=${environment.project}`)).toBe('');
  });
});
