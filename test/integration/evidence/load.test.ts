import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Environment } from '../../../gym/environment/environment.ts';
import { type EvidenceReader, readEvidence } from '../../../gym/evidence/evidence.ts';
import type { Sample } from '../../../gym/task/measurement.ts';
import { taskSchema } from '../../../gym/task/schema.ts';
import { load } from '../../../gym/task/source.ts';
import { bench } from '../environment/support.ts';

const gym = bench();

/** Answers at once, but for the requests of half a second, one second after the first one: those wait until it is over. */
const serve = `
let first;
require('node:http').createServer((request, response) => {
  first ??= performance.now();
  const ms = performance.now() - first;
  response.statusCode = request.url === '/broken' ? 503 : 200;
  setTimeout(() => response.end('here'), ms > 1000 && ms < 1500 ? 1500 - ms : 0);
}).listen(8080, () => console.log('listening'));`;

const compose = JSON.stringify({
  services: {
    web: {
      image: 'node:24-bookworm-slim',
      init: true,
      command: ['node', '-e', serve],
      healthcheck: { test: ['CMD', 'node', '-e', "require('net').connect(8080, '127.0.0.1', () => process.exit(0))"] },
      networks: { back: { aliases: ['shop'] } },
    },
  },
  networks: { back: {} },
});

type Plan = Parameters<typeof load>[0]['plan'];

function readerOf(environment: Environment, plan: Plan, signal = new AbortController().signal): EvidenceReader {
  const definition = taskSchema.parse({
    name: 'tiny',
    instruction: 'TASK.md',
    compose: 'compose.yaml',
    stages: [{ name: 'e2e', service: 'web', command: 'true' }],
    measurements: { people: load({ stage: 'e2e', network: 'back', plan }) },
  });
  const task = { ...definition, file: join(gym.folder, 'task.ts'), root: gym.folder };
  const folders = { hostDirectory: gym.folder, runDirectory: gym.folder };
  return readEvidence({ task, environment, ...folders, nonce: 'of-this-run', signal }, (event) =>
    gym.events.push(event),
  );
}

/** The names and labels of the containers that run loads. */
function loadContainers(project: string): string[] {
  const filters = [
    '--filter',
    `label=dev.gym.project=${project}`,
    '--filter',
    'label=dev.gym.helper=beside-load-people',
  ];
  const text = execFileSync('docker', ['ps', '--all', ...filters, '--format', '{{.Names}} {{.Labels}}'], {
    encoding: 'utf8',
  });
  return text.split('\n').filter((line) => line !== '');
}

const valuesOf = (samples: readonly Sample[], metric: string, labels: Sample['labels']): (number | bigint)[] =>
  samples
    .filter(
      (each) => each.metric === metric && Object.entries(labels).every(([key, value]) => each.labels[key] === value),
    )
    .map(({ value }) => value);

test('a load comes from the network of the services, sees a stall, and leaves nothing but its samples', async () => {
  const environment = await gym.mustUp(compose);
  const reader = readerOf(environment, {
    target: {
      protocol: 'http',
      origin: 'http://shop:8080',
      requests: [
        { name: 'home', path: '/', weight: 3 },
        { name: 'broken', path: '/broken' },
      ],
    },
    phases: [{ seconds: 2.5, perSecond: 100 }],
    warmUpSeconds: 0.5,
    // Late by so much is nobody on a machine that is merely busy.
    lateAfterMs: 2000,
  });
  await reader.beforeStage('e2e');
  await reader.afterStage('e2e', 'pass');
  const reading = (await reader.evidence()).readings.get('people');
  expect(reading?.problem).toBeUndefined();
  const samples = reading?.samples ?? [];
  const [home = 0n] = valuesOf(samples, 'arrivals', { request: 'home' });
  const [broken = 0n] = valuesOf(samples, 'arrivals', { request: 'broken' });
  expect(BigInt(home) + BigInt(broken)).toBe(200n);
  expect(valuesOf(samples, 'answered', { request: 'home' })).toEqual([home]);
  expect(valuesOf(samples, 'errors', { request: 'broken', kind: 'status' })).toEqual([broken]);
  const latencies = valuesOf(samples, 'latency_ms', { request: 'home' }).map(Number);
  expect(latencies).toHaveLength(Number(home));
  // About 37 of 150 come during the stall; those of its first 200 ms wait for 300 and more.
  expect(latencies.filter((ms) => ms > 300).length).toBeGreaterThan(5);
  expect(latencies.filter((ms) => ms < 300).length).toBeGreaterThan(latencies.length / 2);
  expect(readFileSync(join(gym.folder, 'evidence/people.load.ndjson'), 'utf8')).toContain('"kind":"summary"');
  expect(loadContainers(environment.project)).toEqual([]);
});

test('a load that is broken off ends at once, and its container is found by what everything of the environment carries', async () => {
  const environment = await gym.mustUp(compose);
  const stop = new AbortController();
  const target = { protocol: 'tcp' as const, host: 'web', port: 8080, requests: [{ name: 'connect' }] };
  const reader = readerOf(environment, { target, phases: [{ seconds: 300, perSecond: 10 }] }, stop.signal);
  await reader.beforeStage('e2e');
  const made = reader.afterStage('e2e', 'pass');
  await expect.poll(() => loadContainers(environment.project), { timeout: 15_000 }).toHaveLength(1);
  const [container = ''] = loadContainers(environment.project);
  for (const label of ['owner=', 'generation=first', 'lease=process', `checkout=${gym.folder}`])
    expect(container).toContain(`dev.gym.${label}`);
  await sleep(500);
  stop.abort();
  const abortedAt = performance.now();
  await made;
  expect(performance.now() - abortedAt).toBeLessThan(5000);
  expect(loadContainers(environment.project)).toEqual([]);
  expect((await reader.evidence()).readings.get('people')).toMatchObject({
    samples: [],
    problem: 'the load did not come to its end (aborted)',
  });
});
