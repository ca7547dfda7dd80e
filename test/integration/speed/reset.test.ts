import { describe, expect, it } from 'vitest';
import { bringUp } from '../../../gym/environment/bring-up.ts';
import { loadCompose } from '../../../gym/environment/compose/load.ts';
import { connectEngine } from '../../../gym/environment/engine.ts';
import type { Environment } from '../../../gym/environment/environment.ts';
import { bringUpNext, resettable } from '../../../gym/environment/reset.ts';
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

  it('gives the same by laying volumes over the kept ones and by copying them', async () => {
    const engine = await connectEngine(process.env);
    if (!engine.ok) throw new Error(messageOf(engine));
    const file = gym.write('compose.yaml', seeded);
    const model = loadCompose(file, {}, process.env);
    if (!model.ok) throw new Error(messageOf(model));
    const request = gym.request();
    const ground = { engine: engine.value, request, model: model.value };
    const first = await bringUpNext(ground, 'one', undefined);
    if (!first.ok || first.value.golden === undefined) throw new Error(messageOf(first));
    const { golden } = first.value;
    const seen: unknown[] = [];
    for (const how of ['overlay', 'copy'] as const) {
      const next = await bringUp(ground, { generation: how, golden: { ...golden, how } });
      if (!next.ok) throw new Error(messageOf(next));
      const environment = resettable(ground, next.value);
      const driver = docker('volume', 'inspect', '-f', '{{.Options.type}}', next.value.volumes.get('data') ?? '');
      seen.push({ state: await state(environment), isOverlay: driver === 'overlay' });
      await spoil(environment);
      environment.release();
    }
    // What was spoilt in one is not in the next, nor in what both came from.
    expect(seen).toEqual([
      { state: seededState, isOverlay: process.getuid?.() === 0 },
      { state: seededState, isOverlay: false },
    ]);
    await resettable(ground, first.value.generation).down();
    expect(labelled(`dev.gym.project=${request.project}`)).toEqual([]);
  });
});
