import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Verdict, verdictSchema } from '../../../gym/judge/verdict.ts';
import type { CheckResult } from '../../../gym/task/judgement.ts';
import { runFolder, runsOf } from '../../support/gym/checkout.ts';
import { leftOf } from '../../support/gym/engine.ts';
import { gym, startGym } from '../../support/gym/program.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/repository.ts';

const box = JSON.stringify({
  services: {
    app: {
      image: 'debian:bookworm-slim',
      command: ['sleep', 'infinity'],
      init: true,
      working_dir: '/app',
      volumes: ['./app:/app:ro'],
    },
  },
});

/** A checkout whose task `tiny` has a subfolder of its own; `files` are committed, and then `changed`. */
function checkoutOf(
  files: Readonly<Record<string, string>>,
  changed: Readonly<Record<string, string>>,
): TemporaryFolder {
  const folder = temporaryFolder();
  folder.git('init', '-q', '-b', 'main');
  const all = { 'TASK.md': 'Make it fast.\n', 'compose.yaml': box, ...files };
  for (const [name, text] of Object.entries(all)) folder.write(`envs/tiny/${name}`, text);
  folder.git('add', '-A');
  folder.git('commit', '-qm', 'first');
  for (const [name, text] of Object.entries(changed)) folder.write(`envs/tiny/${name}`, text);
  return folder;
}

const taskOf = (names: string, body: string): string => `import { ${names}, defineTask } from 'devgym';
export default defineTask({ name: 'tiny', instruction: 'TASK.md', compose: 'compose.yaml', ${body} });
`;

async function verify(checkout: string, ...args: string[]): Promise<Verdict> {
  const end = await gym(checkout, ['verify', 'tiny', '--json', ...args]);
  try {
    return verdictSchema.parse(JSON.parse(end.stdout));
  } catch {
    throw new Error(`${end.stdout}\n${end.stderr}`);
  }
}

function checkOf({ checks }: Verdict, name: string): CheckResult {
  const check = checks.find((each) => each.name === name);
  if (check === undefined) throw new Error(`no check ${name}: ${checks.map((each) => each.name).join(', ')}`);
  return check;
}

const measured = z.object({
  value: z.number().nullable(),
  values: z.object({ baseline: z.array(z.number()), candidate: z.array(z.number()) }).optional(),
  measurements: z.array(z.object({ side: z.string(), value: z.number() })).optional(),
});

function measuredOf(checkout: string, run: string, target: string) {
  const file = join(runFolder(checkout, run), 'targets', `${target}.json`);
  return measured.parse(JSON.parse(readFileSync(file, 'utf8')));
}

describe('two builds side by side', () => {
  const task = taskOf(
    'differential, json, sum, target, z',
    `
  stages: [{ name: 'unit', service: 'app', command: 'cp orders.json /tmp/orders.json' }],
  measurements: { shop: json({
    stage: 'unit', path: '/tmp/orders.json', schema: z.object({ orders: z.number() }),
    samples: ({ orders }) => [{ metric: 'orders', value: orders, unit: 'count' }],
  }) },
  invariants: [differential({ name: 'as-many-orders', quantity: sum('shop.orders') })],
  targets: [
    target({ name: 'slower', measure: { kind: 'command', service: 'app', command: 'sh slower.sh' }, against: { kind: 'baseline', noWorse: 0.1 } }),
    target({ name: 'same', measure: { kind: 'command', service: 'app', command: 'sh same.sh' }, against: { kind: 'baseline', noWorse: 1 } }),
    target({ name: 'faster', measure: { kind: 'command', service: 'app', command: 'sh faster.sh' }, against: { kind: 'baseline', improve: 0.8 } }),
    target({ name: 'queries', measure: { kind: 'command', service: 'app', command: 'sh queries.sh', gives: 'printed', unit: 'count', exact: true }, against: { kind: 'baseline', noWorse: 0 } }),
    target({ name: 'halted', measure: { kind: 'command', command: 'docker ps --quiet --filter status=paused --filter label=dev.gym.run=$GYM_RUN_ID | wc -l', gives: 'printed', unit: 'count', exact: true }, against: { kind: 'baseline', noWorse: 0 } }),
    target({ name: 'random', measure: { kind: 'command', service: 'app', command: 'date +%N', gives: 'printed', unit: 'count', exact: true }, against: { kind: 'baseline', noWorse: 0 } }),
  ],
  limits: { targetSeconds: 60 },`,
  );
  const files = {
    'task.ts': task,
    'app/orders.json': '{ "orders": 5 }',
    'app/slower.sh': 'sleep 0.05',
    'app/same.sh': 'sleep 0.05',
    'app/faster.sh': 'sleep 0.1',
    'app/queries.sh': 'echo 12',
  };
  const changed = {
    'app/orders.json': '{ "orders": 6 }',
    'app/slower.sh': 'sleep 0.12',
    'app/faster.sh': 'sleep 0.03',
    'app/queries.sh': 'echo 13',
  };

  test('show what got slower and what did not, and the idle one is halted', async () => {
    using checkout = checkoutOf(files, changed);
    const verdict = await verify(checkout.path);
    expect(verdict).toMatchObject({ state: 'fail', exitCode: 1, problems: [] });
    // On a machine that is busy it may not be told; what is wrong is never said.
    expect(['fail', 'unknown']).toContain(checkOf(verdict, 'slower').state);
    expect(['pass', 'unknown']).toContain(checkOf(verdict, 'same').state);
    expect(['pass', 'unknown']).toContain(checkOf(verdict, 'faster').state);
    expect(checkOf(verdict, 'slower').because).toMatch(/candidate\/baseline [12]\.[2-9]\d\d/);
    expect(checkOf(verdict, 'slower').because).toContain('baseline against itself');
    const sides = measuredOf(checkout.path, verdict.run, 'slower').measurements ?? [];
    const counts = ['baseline', 'candidate', 'again', 'slowed'].map((side) =>
      sides.filter((each) => each.side === side),
    );
    for (const of of counts) expect(of.length).toBeGreaterThanOrEqual(8);
    expect(checkOf(verdict, 'queries')).toMatchObject({
      state: 'fail',
      because: expect.stringContaining('13; the baseline'),
    });
    expect(measuredOf(checkout.path, verdict.run, 'halted').values).toEqual({ baseline: [1, 1], candidate: [1, 1] });
    expect(checkOf(verdict, 'random')).toMatchObject({
      state: 'unknown',
      because: expect.stringContaining('not the same each time'),
    });
    expect(checkOf(verdict, 'as-many-orders')).toMatchObject({
      state: 'fail',
      parts: [{ observed: '6', expected: '5' }],
    });
    expect(leftOf(checkout.path)).toEqual([]);
  });

  test('are told what went wrong with the baseline, and nothing is left of an interrupted one', async () => {
    using checkout = checkoutOf({ ...files, 'app/orders.json': 'missing' }, changed);
    checkout.git('rm', '-q', '--cached', 'envs/tiny/app/orders.json');
    checkout.git('commit', '-qm', 'broken');
    const verdict = await verify(checkout.path);
    expect(checkOf(verdict, 'slower')).toMatchObject({
      state: 'unknown',
      because: expect.stringContaining('baseline'),
    });
    expect(checkOf(verdict, 'as-many-orders').state).toBe('unknown');
    const refused = await gym(checkout.path, ['verify', 'tiny', '--baseline', 'nowhere']);
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('there is no commit nowhere') });
    const running = startGym(checkout.path, ['verify', 'tiny', '--baseline', 'HEAD~1', '--json=stream']);
    await running.saw((event) => event.type === 'phase.started' && event.phase === 'targets');
    running.child.kill('SIGINT');
    expect((await running.end).exitCode).toBe(130);
    expect(leftOf(checkout.path)).toEqual([]);
  });
});

describe('a ratchet', () => {
  const task = taskOf(
    'target',
    `
  stages: [{ name: 'unit', command: 'true' }],
  targets: [target({ name: 'bytes', measure: { kind: 'command', command: 'wc -c < app/main.js', gives: 'printed', unit: 'bytes', exact: true }, against: { kind: 'ratchet' } })],`,
  );
  const best = (value: number) =>
    JSON.stringify({ schema: 'gym.ratchet/1', best: { bytes: { value, unit: 'bytes' } } });

  test('begins with a number that is written on demand, goes one way, and is not loosened', async () => {
    using checkout = checkoutOf({ 'task.ts': task, 'app/main.js': '12345' }, {});
    expect(checkOf(await verify(checkout.path), 'bytes')).toMatchObject({
      state: 'unknown',
      because: expect.stringContaining('gym ratchet'),
    });
    const written = await gym(checkout.path, ['ratchet', 'tiny']);
    expect(written).toMatchObject({ exitCode: 0, stdout: 'ratchet.json: bytes 5 bytes\n' });
    const again = await gym(checkout.path, ['ratchet', 'tiny']);
    expect(again).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('has changed since run') });
    checkout.git('add', '-A');
    checkout.git('commit', '-qm', 'ratchet');
    checkout.write('envs/tiny/app/main.js', '123456');
    expect(checkOf(await verify(checkout.path), 'bytes')).toMatchObject({ state: 'fail', margin: -1 });
    expect(await gym(checkout.path, ['ratchet', 'tiny'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('did not pass'),
    });
    checkout.write('envs/tiny/ratchet.json', best(6));
    expect(checkOf(await verify(checkout.path), 'bytes')).toMatchObject({
      state: 'fail',
      because: expect.stringContaining('was loosened'),
    });
    checkout.write('envs/tiny/ratchet.json', best(5));
    checkout.write('envs/tiny/app/main.js', '1234');
    // By files that the workspace itself may have changed, no number is the best so far.
    expect((await gym(checkout.path, ['verify', 'tiny', '--baseline', '.'])).exitCode).toBe(0);
    expect(await gym(checkout.path, ['ratchet', 'tiny'])).toMatchObject({
      ...{ exitCode: 2, stderr: expect.stringMatching(/has changed since run|did not pass/) },
    });
    expect((await verify(checkout.path)).state).toBe('pass');
    expect(await gym(checkout.path, ['ratchet', 'tiny'])).toMatchObject({
      stdout: 'ratchet.json: bytes 5 bytes -> 4 bytes\n',
    });
  });
});

describe('gym verify --canary', () => {
  const service = (answer: string) =>
    `require('node:http').createServer((_, response) => { ${answer} }).listen(8080, () => console.log('up'));\n`;
  const compose = JSON.stringify({
    services: {
      web: {
        image: 'node:24-bookworm-slim',
        command: ['node', '/app/server.js'],
        init: true,
        volumes: ['./app:/app:ro'],
        healthcheck: {
          test: ['CMD', 'node', '-e', "require('net').connect(8080, '127.0.0.1', () => process.exit(0))"],
        },
      },
    },
  });
  const task = taskOf(
    'load, slo, sum',
    `
  stages: [{ name: 'unit', service: 'web', command: 'true' }],
  measurements: { people: load({ stage: 'unit', plan: {
    target: { protocol: 'http', origin: 'http://web:8080', requests: [{ name: 'home', path: '/' }] },
    phases: [{ seconds: 1, perSecond: 10 }], lateAfterMs: 2000,
  } }) },
  invariants: [slo({ name: 'few-errors', errors: sum('people.errors'), total: sum('people.arrivals'), atMost: 0.2 })],
  canary: { load: 'people', perSecond: 30, seconds: 24, slos: ['few-errors'] },`,
  );
  const files = { 'task.ts': task, 'compose.yaml': compose, 'app/server.js': service(`response.end('here');`) };

  test('rolls a broken build back early', async () => {
    using checkout = checkoutOf(files, { 'app/server.js': service('response.statusCode = 500; response.end();') });
    const end = await gym(checkout.path, ['verify', 'tiny', '--canary', '--json']);
    const verdict = verdictSchema.parse(JSON.parse(end.stdout));
    expect(end.exitCode).toBe(1);
    expect(verdict).toMatchObject({
      ...{ state: 'fail', problems: [] },
      headline: expect.stringMatching(/^canary: roll back, as few-errors does not hold/),
      canary: { call: 'roll back', endedEarly: true, slos: [{ slo: 'few-errors', baseline: { state: 'pass' } }] },
    });
    // Of twelve slices two are enough; on a busy machine one or the other does not count.
    expect(verdict.canary?.slices).toBeLessThan(8);
    const text = await gym(checkout.path, ['show']);
    expect(text.stdout).toMatch(/^FAIL tiny .*\nfail canary: roll back, as few-errors/m);
    expect(leftOf(checkout.path)).toEqual([]);
  });

  test('is refused where the task has none', async () => {
    using checkout = checkoutOf({ ...files, 'task.ts': task.replace(/canary: \{.*?\},/, '') }, {});
    const end = await gym(checkout.path, ['verify', 'tiny', '--canary']);
    expect(end).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('tiny has no canary') });
    expect(runsOf(checkout.path)).toEqual([]);
  });
});
