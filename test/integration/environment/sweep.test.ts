import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { connectEngine } from '../../../gym/environment/engine.ts';
import { sweepEngine } from '../../../gym/environment/sweep.ts';
import { thisOwner } from '../../../gym/store/owner.ts';
import { isMiscounted } from '../../support/gym/engine.ts';
import { bench, docker, labelled } from './support.ts';

const gym = bench();
const children: ChildProcess[] = [];
/** Of this test. */
const projects: string[] = [];
const lookalike = `gymtest-lookalike-${process.pid}`;

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const filter of [...projects.splice(0).map((name) => `label=dev.gym.project=${name}`), `name=${lookalike}`]) {
    remove(['rm', '-fv'], ['ps', '-aq', '--filter', filter]);
    remove(['network', 'rm'], ['network', 'ls', '-q', '--filter', filter]);
    remove(['volume', 'rm'], ['volume', 'ls', '-q', '--filter', filter]);
  }
});

function remove(command: readonly string[], list: readonly string[]): void {
  const names = docker(...list)
    .split('\n')
    .filter((name) => name !== '');
  // Another gym may be sweeping as well, and networks may be beyond the engine: what counts is looked at by the tests.
  if (names.length > 0) spawnSync('docker', [...command, ...names]);
}

const text = `
services:
  a: {image: "debian:bookworm-slim", init: true, command: [sleep, "1000"], volumes: ["data:/data", /anonymous]}
  b: {image: "debian:bookworm-slim", init: true, command: [sleep, "1000"], depends_on: [a]}
volumes: {data: {}}
`;

/** Starts `upped.ts` in a process of its own and waits for a line of its output. */
async function upElsewhere(project: string, until: string, lease = 'process'): Promise<ChildProcess> {
  projects.push(project);
  const file = gym.write('compose.yaml', text);
  const child = spawn(process.execPath, [`${import.meta.dirname}/upped.ts`, file, project, lease], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  for await (const line of createInterface({ input: child.stdout })) if (line === until) return child;
  throw new Error(`${until} did not come`);
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/**
 * Sweeps, and gives what could not be removed. Of an engine that has lost count of a network's endpoints nothing but that is passed over
 * (github.com/moby/moby/issues/43286).
 */
async function sweep(): Promise<readonly string[]> {
  const engine = await connectEngine(process.env);
  const swept = engine.ok ? await sweepEngine(engine.value) : engine;
  const messages = swept.ok ? [] : swept.problems.map(({ message }) => message);
  return messages.filter((message) => !/^removing network \w+: .* though no container is on it$/.test(message));
}

const of = (project: string): string[] => labelled(`dev.gym.project=${project}`);
/** The same, but for networks that nobody can remove. */
const left = (project: string): string[] =>
  of(project).filter((each) => !(each.startsWith('network ') && isMiscounted(each.replace('network ', ''))));

/** Volumes that the containers of a project have, those without a name included. */
function volumesOf(project: string): string[] {
  const ids = docker('ps', '-aq', '--filter', `label=dev.gym.project=${project}`).split('\n');
  const mounts = docker('inspect', '--format', '{{range .Mounts}}{{println .Name}}{{end}}', ...ids).split('\n');
  return mounts.filter((name) => name !== '').sort();
}

const allVolumes = (): string[] => docker('volume', 'ls', '-q').split('\n');

/** Options of the docker CLI that give something these labels of gym's. */
const withLabels = (labels: Readonly<Record<string, string>>): string[] =>
  Object.entries(labels).flatMap(([key, value]) => ['--label', `dev.gym.${key}=${value}`]);

describe('sweep', () => {
  it.each(['a created', 'a started', 'up'])('removes all that a gym left which was killed at "%s"', async (moment) => {
    const { project } = gym.request();
    const child = await upElsewhere(project, moment);
    const volumes = volumesOf(project);
    expect(volumes.length).toBeGreaterThanOrEqual(2);
    await kill(child);
    expect(of(project).length).toBeGreaterThan(3);
    expect(await sweep()).toEqual([]);
    expect(left(project)).toEqual([]);
    const there = allVolumes();
    expect(volumes.filter((name) => there.includes(name))).toEqual([]);
  });

  it('removes a kept environment whose gym was killed before it was up', async () => {
    const { project } = gym.request();
    await kill(await upElsewhere(project, 'a started', 'kept'));
    expect(of(project).length).toBeGreaterThan(3);
    expect(await sweep()).toEqual([]);
    expect(left(project)).toEqual([]);
  });

  it('leaves the living, the kept, and what gym did not make', async () => {
    const [living, kept] = [gym.request().project, gym.request().project];
    await upElsewhere(living, 'up');
    await kill(await upElsewhere(kept, 'up', 'kept'));
    const gone = thisOwner().replace(/\d+$/, '1');
    const elsewhere = gone.replace(/^[^:]+/, 'other.other.1');
    // The name, the prefix, the owner or the lease alone make it none of gym's; nor does an owner that cannot be seen from here.
    const kinds: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      name: {},
      owner: { owner: gone },
      lease: { lease: 'process', owner: gone },
      project: { lease: 'process', project: 'x' },
      machine: { lease: 'process', project: 'x', owner: elsewhere },
      odd: { lease: 'process', project: 'x', owner: 'odd' },
      alive: { lease: 'process', project: 'x', owner: thisOwner() },
      other: { lease: 'otherwise', project: 'x', owner: gone },
      'kept-alive': { lease: 'kept', project: 'x', owner: thisOwner() },
      'kept-machine': { lease: 'kept', project: 'x', owner: elsewhere },
    };
    for (const [index, [kind, labels]] of Object.entries(kinds).entries()) {
      const options = withLabels(labels);
      docker('create', '--name', `${lookalike}-${kind}`, ...options, 'debian:bookworm-slim', 'true');
      // Not one of those that gyms take.
      const subnet = `10.77.${process.pid % 256}.${16 * index}/28`;
      docker('network', 'create', '--subnet', subnet, ...options, `${lookalike}-${kind}`);
      docker('volume', 'create', ...options, `${lookalike}-${kind}`);
    }
    docker('start', `${lookalike}-name`);
    const lookalikes = (): string[] => [
      docker('ps', '-a', '--no-trunc', '--filter', `name=${lookalike}`, '--format', '{{.ID}} {{.Names}} {{.State}}'),
      docker('network', 'ls', '--no-trunc', '--filter', `name=${lookalike}`, '--format', '{{.ID}} {{.Name}}'),
      docker('volume', 'ls', '--filter', `name=${lookalike}`, '--format', '{{.Name}}'),
    ];
    // The state that a reset which is under way begins with: its maker is gone, the one who resets is not.
    const state = `${lookalike}-state`;
    const ofState = { lease: 'kept', project: state, generation: 'golden' };
    docker('volume', 'create', ...withLabels({ ...ofState, owner: gone }), `${state}-1`);
    docker('volume', 'create', ...withLabels({ ...ofState, owner: thisOwner() }), `${state}-2`);
    const garbage = `gymtest-garbage-${process.pid}`;
    onTestFinished(() => void docker('volume', 'rm', '--force', garbage));
    docker('volume', 'create', ...withLabels({ lease: 'kept', project: garbage, owner: gone }), garbage);
    const before = [...of(living), ...of(kept), ...volumesOf(living), ...volumesOf(kept)];
    const seen = lookalikes();
    const count = Object.keys(kinds).length;
    expect(seen.map((text) => text.split('\n').length)).toEqual([count, count, count + 2]);
    expect(await sweep()).toEqual([]);
    expect([...of(living), ...of(kept), ...volumesOf(living), ...volumesOf(kept)]).toEqual(before);
    expect(lookalikes()).toEqual(seen);
    const there = allVolumes();
    expect(there).toEqual(expect.arrayContaining([...volumesOf(living), ...volumesOf(kept)]));
    expect(there).not.toContain(garbage);
  });
});
