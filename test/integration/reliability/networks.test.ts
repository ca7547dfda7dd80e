import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { loadCompose } from '../../../gym/environment/compose/load.ts';
import { removeProject } from '../../../gym/environment/down.ts';
import { connectEngine, type Engine } from '../../../gym/environment/engine.ts';
import { environmentLabels } from '../../../gym/environment/labels.ts';
import { makeNetworks } from '../../../gym/environment/networks.ts';
import { overlaps, parseRoutes, parseSubnet, type Subnet, subnetText } from '../../../gym/environment/subnets.ts';
import type { Result } from '../../../gym/events/problem.ts';
import { temporaryFolder } from '../../support/repository.ts';
import { messageOf } from '../environment/support.ts';

// Without a way to the outside: a third of the work for the engine, and the same addresses.
const text = `
services: { a: { image: none } }
networks: { default: { internal: true } }
`;
const made = new Set<string>();
const connected = await connectEngine(process.env);
let count = 0;

function engine(): Engine {
  if (!connected.ok) throw new Error(messageOf(connected));
  return connected.value;
}

afterEach(async () => {
  await Promise.all([...made].map(remove));
});

async function make(pools?: readonly Subnet[]): Promise<{ project: string; result: Result<unknown> }> {
  count += 1;
  const project = `gymtest-networks-${process.pid}-${count}`;
  made.add(project);
  using folder = temporaryFolder();
  folder.write('compose.yaml', text);
  const model = loadCompose(`${folder.path}/compose.yaml`, {}, {});
  if (!model.ok) throw new Error(messageOf(model));
  const labels = environmentLabels({ project, task: 'gymtest', run: project, lease: 'process', checkout: folder.path });
  const result = await makeNetworks({
    engine: engine(),
    model: model.value,
    project,
    labels,
    ...(pools !== undefined && { pools }),
  });
  return { project, result };
}

async function remove(project: string): Promise<void> {
  expect(await removeProject(engine(), project)).toMatchObject({ ok: true });
  made.delete(project);
}

interface Taken {
  readonly name: string;
  readonly subnet: Subnet;
}

async function subnets(): Promise<Taken[]> {
  const networks = await engine().docker.listNetworks();
  return networks.flatMap(({ Name: name, IPAM }) =>
    (IPAM?.Config ?? []).flatMap(({ Subnet: block = '' }) => {
      const subnet = parseSubnet(block);
      return subnet === undefined ? [] : [{ name, subnet }];
    }),
  );
}

/** Routes that lead to no network of the engine: others come and go at any time, and leave their block to whoever comes next. */
async function hostRoutes(): Promise<Subnet[]> {
  const before = await subnets();
  const routes = parseRoutes(readFileSync('/proc/net/route', 'utf8'));
  const ofEngine = new Set([...before, ...(await subnets())].map(({ subnet }) => subnetText(subnet)));
  return routes.filter((route) => !ofEngine.has(subnetText(route)));
}

describe('the networks of environments', () => {
  test('40 at once have blocks of their own that meet no other network and no route of the host', async () => {
    const routes = await hostRoutes();
    const all = await Promise.all(Array.from({ length: 40 }, () => make()));
    expect(all.map(({ result }) => messageOf(result)).filter((message) => message !== '')).toEqual([]);
    const taken = await subnets();
    const own = taken.filter(({ name }) => all.some(({ project }) => name === `${project}_default`));
    expect(own).toHaveLength(40);
    const collisions = own.flatMap((one) =>
      taken
        .filter((other) => other.name !== one.name && overlaps(one.subnet, other.subnet))
        .map((other) => `${one.name} ${other.name}`),
    );
    expect(collisions).toEqual([]);
    expect(own.filter(({ subnet }) => routes.some((route) => overlaps(subnet, route)))).toEqual([]);
  });

  test('100 in turn never run out, though they have room for four only', async () => {
    // Of these and the next, gyms beside this one take none.
    const pools = [parseSubnet('10.99.200.0/25') ?? { base: 0, prefix: 32 }];
    for (let turn = 1; turn <= 100; turn += 1) {
      const { project, result } = await make(pools);
      expect({ turn, message: messageOf(result) }).toEqual({ turn, message: '' });
      await remove(project);
    }
  });

  test('when no block is left, say which pools are full and what to do, and those that had one are well', async () => {
    const pools = [parseSubnet('10.99.201.0/26') ?? { base: 0, prefix: 32 }];
    const all = await Promise.all([make(pools), make(pools), make(pools)]);
    const failures = all.filter(({ result }) => !result.ok);
    expect(all.filter(({ result }) => result.ok)).toHaveLength(2);
    expect(failures[0]?.result).toEqual({
      ok: false,
      problems: [
        {
          kind: 'environment',
          message: `network default: no free block /27 is left in ${subnetText(pools[0] ?? { base: 0, prefix: 32 })}: networks of the engine and routes of the host take all of it`,
          remedy: expect.stringContaining('gym down --all'),
        },
      ],
    });
  });
});
