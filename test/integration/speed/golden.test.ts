import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { bringUp, type UpGround } from '../../../gym/environment/bring-up.ts';
import { loadCompose } from '../../../gym/environment/compose/load.ts';
import { removeProject } from '../../../gym/environment/down.ts';
import { connectEngine, type Engine } from '../../../gym/environment/engine.ts';
import type { Generation } from '../../../gym/environment/generation.ts';
import type { Golden } from '../../../gym/environment/golden.ts';
import { goldenKey } from '../../../gym/environment/golden-key.ts';
import { findGoldenRests, type GoldenState, listGolden, removeGolden } from '../../../gym/environment/golden-states.ts';
import { bringUpNext, resettable } from '../../../gym/environment/reset.ts';
import { sweepEngine } from '../../../gym/environment/sweep.ts';
import { thisOwner } from '../../../gym/store/owner.ts';
import { tinyCheckout } from '../../support/gym/checkout.ts';
import { gym } from '../../support/gym/program.ts';
import { bench, docker, labelled, messageOf, run } from '../environment/support.ts';
import { labelledNow } from '../reliability/support.ts';

const folder = bench();
/** Of this process alone: what other tests have kept is not met. */
const task = `golden-${process.pid}`;
const projects: string[] = [];

afterEach(async () => {
  const engine = await engineHere();
  for (const project of projects.splice(0)) await removeProject(engine, project);
  await removeGolden(engine, await states());
  expect(partsLeft()).toEqual([]);
});

async function engineHere(): Promise<Engine> {
  const engine = await connectEngine(process.env);
  if (!engine.ok) throw new Error(messageOf(engine));
  return engine.value;
}

async function states(): Promise<readonly GoldenState[]> {
  const listed = await listGolden(await engineHere());
  if (!listed.ok) throw new Error(messageOf(listed));
  return listed.value.filter((each) => each.task === task);
}

/** Of all states of this process, whole or not. */
function partsLeft(): string[] {
  const filter = ['--filter', `label=dev.gym.task=${task}`, '--filter', 'label=dev.gym.golden'];
  const images = docker('images', '-q', ...filter);
  const volumes = docker('volume', 'ls', '-q', ...filter);
  const containers = docker('ps', '-aq', ...filter);
  return [images, volumes, containers].flatMap((text) => text.split('\n')).filter((line) => line !== '');
}

/** Of a state that is not whole any more, while its maker, this process, lives. */
function removePartsOf(golden: Golden | undefined): void {
  const filter = ['-q', '--filter', `label=dev.gym.golden=${golden?.state}`];
  docker('volume', 'rm', ...docker('volume', 'ls', ...filter).split('\n'));
  docker('rmi', ...docker('images', ...filter).split('\n'));
}

/** State in volumes with and without a name, and in a service's own files; each seeding is told by its time. */
const seeded = (seed = 'run.sh', more = ''): string => `
services:
  db:
    image: debian:bookworm-slim
    init: true
    command: [sh, -c, "[ -e /own ] || date +%N > /own; touch /ready; exec sleep 1000"]
    healthcheck: {test: [CMD, test, -f, /ready], interval: 1s, retries: 30}
    labels: {only: "${task}"}
    volumes: ["data:/data", /anonymous]
    depends_on: {seed: {condition: service_completed_successfully}}
  seed:
    image: debian:bookworm-slim
    command: [sh, /seed/${seed}]
    volumes: ["data:/data", "./seed:/seed:ro"]
volumes: {data: {}}
${more}`;

/** A checkout of that content, of its own or in a folder of it, and how its environment is brought up. */
async function groundIn(name: string, { text = seeded(), script = 'date +%N > /data/stamp' } = {}): Promise<UpGround> {
  mkdirSync(join(folder.folder, name, 'seed'), { recursive: true });
  folder.write(`${name}/seed/run.sh`, `${script}\n`);
  return groundOf(name, folder.write(`${name}/compose.yaml`, text));
}

async function groundOf(name: string, file: string): Promise<UpGround> {
  const model = loadCompose(file, {}, process.env);
  if (!model.ok) throw new Error(messageOf(model));
  const request = folder.request({ task, lease: 'kept', composeFiles: [file], checkout: join(folder.folder, name) });
  projects.push(request.project);
  return { engine: await engineHere(), request, model: model.value };
}

interface Up {
  readonly generation: Generation;
  readonly golden: Golden | undefined;
}

async function mustNext(ground: UpGround, golden?: Golden): Promise<Up> {
  const next = await bringUpNext(ground, `r${projects.length}`, golden);
  if (!next.ok) throw new Error(messageOf(next));
  next.value.generation.environment.release();
  return next.value;
}

/** What tells one seeding from another, in all places. */
async function stampsOf(ground: UpGround, generation: Generation): Promise<string> {
  const read = await run(resettable(ground, generation), 'db', ['sh', '-c', 'cat /data/stamp /own; ls -A /data']);
  return read.out;
}

describe('a seeded state', () => {
  it('is made once: another life and another checkout begin with it, laid over it or copied', async () => {
    const first = await groundIn('first');
    const one = await mustNext(first);
    const stamps = await stampsOf(first, one.generation);
    expect(stamps).toMatch(/^\d+\n\d+\nstamp\n$/);
    await run(resettable(first, one.generation), 'db', ['sh', '-c', 'echo bad > /data/bad; echo bad > /data/stamp']);
    await removeProject(first.engine, first.request.project);
    expect(labelled(`dev.gym.project=${first.request.project}`)).toEqual([]);
    expect((await states()).map(({ state, isUsed }) => [state, isUsed])).toEqual([[one.golden?.state, false]]);

    const second = await groundIn('elsewhere/second');
    const two = await mustNext(second);
    expect(await stampsOf(second, two.generation)).toBe(stamps);
    expect(folder.events).toContainEqual({ type: 'noted', text: expect.stringContaining('not seeded again') });
    expect(two.golden).toEqual(one.golden);
    await run(resettable(second, two.generation), 'db', ['sh', '-c', 'echo bad > /data/bad; echo bad > /own']);

    const third = await groundIn('third');
    if (two.golden === undefined) throw new Error('nothing was kept');
    const copied = await bringUp(third, { generation: 'copied', golden: { ...two.golden, how: 'copy' } });
    if (!copied.ok) throw new Error(messageOf(copied));
    expect(await stampsOf(third, copied.value)).toBe(stamps);
    copied.value.environment.release();
    const kindOf = (name = ''): string => docker('volume', 'inspect', '-f', '{{.Options.type}}', name);
    const isOverlay = [two.generation, copied.value].map(({ volumes }) => kindOf(volumes.get('data')) === 'overlay');
    expect(isOverlay).toEqual([process.getuid?.() === 0, false]);
  });

  it('is not removed while an environment stands on it, and not taken once it is to be removed', async () => {
    const first = await groundIn('first');
    const made = await mustNext(first);
    const second = await groundIn('second');
    const { generation } = await mustNext(second);
    const stamps = await stampsOf(second, generation);
    expect((await states()).map(({ isUsed }) => isUsed)).toEqual([true]);
    await removeGolden(first.engine, await states());
    expect(await states()).toEqual([]);
    expect(await stampsOf(second, generation)).toBe(stamps);
    expect(await findGoldenRests(first.engine, thisOwner())).toMatchObject({ ok: true, value: { volumes: [] } });
    // Who still knows of it has to seed again.
    const third = await groundIn('third');
    const again = await mustNext(third, made.golden);
    expect(again.golden?.state).not.toBe(made.golden?.state);
    expect(await stampsOf(third, again.generation)).not.toBe(stamps);
    await removeProject(second.engine, second.request.project);
    removePartsOf(made.golden);
  });

  it('is kept once where two make it at the same time, and nothing stays of the other one', async () => {
    const grounds = [await groundIn('first'), await groundIn('second')];
    const made = await Promise.all(grounds.map((ground) => mustNext(ground)));
    const kept = await states();
    expect(kept).toHaveLength(1);
    expect(new Set(made.map(({ golden }) => golden?.state))).toEqual(new Set([kept[0]?.state]));
    const [first] = kept;
    expect(partsLeft().filter((id) => !id.startsWith('gymtest-'))).toHaveLength(
      (first?.parts.volumes.length ?? 0) + (first?.parts.images.length ?? 0),
    );
  });

  it('leaves nothing that is half made: by a kill -9, or by a part that is gone', async () => {
    const script = 'head -c 150000000 /dev/zero > /data/big; date +%N > /data/stamp';
    const ground = await groundIn('first', { script });
    const { project, composeFiles } = ground.request;
    const args = [`${import.meta.dirname}/seeding.ts`, composeFiles[0] ?? '', project, task];
    const child = spawn(process.execPath, args, { stdio: 'inherit' });
    const isBegun = async (): Promise<boolean> =>
      (await labelledNow('dev.gym.golden', `dev.gym.task=${task}`, 'dev.gym.resource=data')).length > 0;
    await expect.poll(isBegun, { timeout: 30_000, interval: 2 }).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await states()).toEqual([]);
    expect(partsLeft()).not.toEqual([]);
    await sweepEngine(ground.engine);
    expect(partsLeft()).toEqual([]);

    const { golden } = await mustNext(await groundIn('second'));
    docker('volume', 'rm', golden?.volumes['data'] ?? '');
    const again = await mustNext(await groundIn('third'));
    expect(again.golden?.state).not.toBe(golden?.state);
    expect((await states()).map(({ state }) => state)).toEqual([again.golden?.state]);
    await sweepEngine(ground.engine);
    removePartsOf(golden);
  });
});

describe('its key', () => {
  it('is that of the content, wherever it lies, and another one where a seed file or anything else is', async () => {
    const keyOf = async (...args: Parameters<typeof groundIn>): Promise<string | undefined> =>
      goldenKey(await groundIn(...args));
    const key = await keyOf('first');
    expect(key).toMatch(/^[0-9a-f]{32}$/);
    expect(await keyOf('further/second')).toBe(key);
    const empty = `gymtest-golden-${process.pid}`;
    execFileSync('docker', ['import', '-', empty], { input: Buffer.alloc(1024), stdio: ['pipe', 'ignore', 'inherit'] });
    onTestFinished(() => void docker('rmi', empty));
    const others = [
      await keyOf('script', { script: 'date > /data/stamp' }),
      await keyOf('command', { text: seeded().replace('/ready;', '/ready; true;') }),
      await keyOf('image', { text: seeded().replace('debian:bookworm-slim', empty) }),
      await keyOf('config', { text: configured('a') }),
      await keyOf('other-config', { text: configured('b') }),
    ];
    cpSync(join(folder.folder, 'first'), join(folder.folder, 'mode'), { recursive: true });
    chmodSync(join(folder.folder, 'mode/seed/run.sh'), 0o755);
    others.push(await goldenKey(await groundOf('mode', join(folder.folder, 'mode/compose.yaml'))));
    expect(others.every((each) => each !== undefined && each !== key)).toBe(true);
    expect(new Set(others).size).toBe(others.length);
  });

  it.each([
    ['a folder of the host that is written to', (text: string) => text.replace(':/seed:ro', ':/seed')],
    ['a socket of the host', (text: string) => text.replace('./seed:/seed:ro', '/var/run/docker.sock:/seed:ro')],
    ['an external volume', (text: string) => text.replace('data: {}', 'data: {external: true}')],
    [
      'a volume of another kind',
      (text: string) => text.replace('data: {}', 'data: {driver_opts: {type: tmpfs, device: x}}'),
    ],
    ["the host's network", (text: string) => text.replace('init: true', 'init: true\n    network_mode: host')],
    ['all rights', (text: string) => text.replace('init: true', 'init: true\n    privileged: true')],
  ])('is not there where %s may change it', async (_, change) => {
    expect(await goldenKey(await groundIn('first', { text: change(seeded()) }))).toBeUndefined();
  });
});

const configured = (content: string): string =>
  seeded('run.sh', `configs: {c: {content: "${content}"}}`).replace('init: true', 'init: true\n    configs: [c]');

it('gym gc lists and removes states that nothing stands on, old or beyond the newest of their task', async () => {
  using checkout = tinyCheckout();
  const gone = thisOwner().replace(/\d+$/, '1');
  const made = (number: number, ageDays: number): string => {
    const state = `${String(process.pid).padStart(31, '0')}${number}-0`;
    const labels = { golden: state, generation: 'golden', task, owner: gone };
    const whole = { ...labels, 'golden.manifest': '{}', 'golden.made': String(Date.now() - ageDays * 86_400_000) };
    const volume = (name: string, of: Readonly<Record<string, string>>): string =>
      docker(
        'volume',
        'create',
        ...Object.entries(of).flatMap(([key, value]) => ['--label', `dev.gym.${key}=${value}`]),
        name,
      );
    volume(`gym-golden-${state.slice(0, 32)}`, whole);
    volume(`gym-golden-${state}-part`, labels);
    if (number === 9) volume(`gym-golden-${state}-use`, { ...labels, generation: 'r1', project: projectOfUse });
    return state.slice(0, 12);
  };
  const projectOfUse = `gymtest-${task}`;
  projects.push(projectOfUse);
  for (const [number, age] of [
    [1, 0],
    [2, 1],
    [3, 2],
    [4, 3],
    [5, 8],
    [9, 30],
  ] as const)
    made(number, age);
  const there = async (): Promise<string[]> => (await states()).map(({ state }) => state.slice(31, 32)).sort();
  const dry = await gym(checkout.path, ['gc', '--dry-run']);
  const lines = dry.stdout.split('\n').filter((line) => line.includes(`${task} `));
  expect(lines.map((line) => line.replace(/^state +\S+ \S+ +0 B +/, ''))).toEqual([
    'no environment uses it, and 3 newer ones are kept',
    'no environment uses it, and it is older than 7 days',
  ]);
  expect(await there()).toEqual(['1', '2', '3', '4', '5', '9']);
  expect((await gym(checkout.path, ['gc'])).exitCode).toBe(0);
  expect(await there()).toEqual(['1', '2', '3', '9']);
  expect(partsLeft().filter((name) => /[45]-0-part$/.test(name))).toEqual([]);
});
