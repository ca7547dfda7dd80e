import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { connectEngine } from '../../../gym/environment/engine.ts';
import { sweepEngine } from '../../../gym/environment/sweep.ts';
import { thisOwner } from '../../../gym/store/owner.ts';
import { bench, docker, labelled } from './support.ts';

const gym = bench();
const children: ChildProcess[] = [];
const lookalike = `gymtest-lookalike-${process.pid}`;

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const filter of ['label=dev.gym.task=gymtest', `name=${lookalike}`]) {
    remove(['rm', '-fv'], ['ps', '-aq', '--filter', filter]);
    remove(['network', 'rm'], ['network', 'ls', '-q', '--filter', filter]);
    remove(['volume', 'rm'], ['volume', 'ls', '-q', '--filter', filter]);
  }
});

function remove(command: readonly string[], list: readonly string[]): void {
  const names = docker(...list)
    .split('\n')
    .filter((name) => name !== '');
  if (names.length > 0) docker(...command, ...names);
}

const text = `
services:
  a: {image: "debian:bookworm-slim", init: true, command: [sleep, "1000"], volumes: ["data:/data", /anonymous]}
  b: {image: "debian:bookworm-slim", init: true, command: [sleep, "1000"], depends_on: [a]}
volumes: {data: {}}
`;

/** Starts `upped.ts` in a process of its own and waits for a line of its output. */
async function upElsewhere(project: string, until: string, lease = 'process'): Promise<ChildProcess> {
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

/** What could not be removed. An engine that has lost count of a network's endpoints is not for this test to tell. */
async function sweep(): Promise<readonly string[]> {
  const engine = await connectEngine(process.env);
  const swept = engine.ok ? await sweepEngine(engine.value) : engine;
  const messages = swept.ok ? [] : swept.problems.map(({ message }) => message);
  return messages.filter((message) => !message.includes('though no container is on it'));
}

const of = (project: string): string[] => labelled(`dev.gym.project=${project}`);

describe('sweep', () => {
  it.each(['a created', 'a started', 'up'])('removes all that a gym left which was killed at "%s"', async (moment) => {
    const { project } = gym.request();
    await kill(await upElsewhere(project, moment));
    expect(of(project).length).toBeGreaterThan(3);
    const volumes = docker('volume', 'ls', '-q').split('\n').length;
    expect(await sweep()).toEqual([]);
    expect(of(project)).toEqual([]);
    // The anonymous volume goes with them.
    expect(docker('volume', 'ls', '-q').split('\n').length).toBeLessThanOrEqual(volumes - 2 + 1);
  });

  it('leaves the living, the kept, and what gym did not make', async () => {
    const [living, kept] = [gym.request().project, gym.request().project];
    await upElsewhere(living, 'up');
    await kill(await upElsewhere(kept, 'up', 'kept'));
    const gone = thisOwner().replace(/\d+$/, '1');
    const elsewhere = gone.replace(/^[^:]+/, 'other.other.1');
    const sleeper = ['debian:bookworm-slim', 'sleep', '1000'];
    // The name, the prefix, the owner or the lease alone make it none of gym's; nor does an owner that cannot be seen from here.
    docker('run', '-d', '--name', `${lookalike}-name`, ...sleeper);
    docker('run', '-d', '--name', `${lookalike}-owner`, '--label', `dev.gym.owner=${gone}`, ...sleeper);
    docker(
      'run',
      '-d',
      '--name',
      `${lookalike}-lease`,
      '--label',
      'dev.gym.lease=process',
      '--label',
      `dev.gym.owner=${gone}`,
      ...sleeper,
    );
    const labels = ['--label', 'dev.gym.lease=process', '--label', 'dev.gym.project=x'];
    docker(
      'run',
      '-d',
      '--name',
      `${lookalike}-machine`,
      ...labels,
      '--label',
      `dev.gym.owner=${elsewhere}`,
      ...sleeper,
    );
    docker('run', '-d', '--name', `${lookalike}-odd`, ...labels, '--label', 'dev.gym.owner=odd', ...sleeper);
    docker('network', 'create', '--subnet', '10.203.255.224/27', `${lookalike}-network`);
    docker('volume', 'create', `${lookalike}-volume`);
    const before = [...of(living), ...of(kept)];
    expect(await sweep()).toEqual([]);
    expect([...of(living), ...of(kept)]).toEqual(before);
    expect(docker('ps', '-q', '--filter', `name=${lookalike}`).split('\n')).toHaveLength(5);
    expect(docker('network', 'ls', '-q', '--filter', `name=${lookalike}`)).not.toBe('');
    expect(docker('volume', 'ls', '-q', '--filter', `name=${lookalike}`)).not.toBe('');
  });
});
