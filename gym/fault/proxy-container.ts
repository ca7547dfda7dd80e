import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type Dockerode from 'dockerode';
import { z } from 'zod';
import { readContainerFile } from '../environment/file.ts';
import { failed, ok, type Result } from '../events/problem.ts';
import { type Helper, makeHelper, mustRun, readLog } from './once.ts';
import type { Probed } from './proxy/probe.ts';
import type { ProxyTask } from './proxy/program.ts';
import type { System } from './system.ts';

const probed = z.object({
  address: z.string(),
  outcome: z.enum(['closed', 'open', 'reset', 'refused', 'unreachable']),
  roundTripMs: z.number(),
});
const trial = z.object({
  what: z.string(),
  before: z.string(),
  after: z.string(),
  isEffective: z.boolean(),
});
const ready = z.object({ trial: trial.nullable() });
const traffic = z.object({
  connections: z.number(),
  resets: z.number(),
  refused: z.number(),
  toTargetBytes: z.number(),
  toClientBytes: z.number(),
});

/** What went through a proxy since the fault was injected. Bytes are those of the connections' payload. */
export type FaultTraffic = z.infer<typeof traffic>;

/** Where the proxy keeps its counts. */
export const trafficFile = '/gym/traffic.json';
const readyLimitMs = 30_000;

/** The program of the proxy: the files of its folder, or what the build made of them. The first one is to be run. */
function programFiles(): { name: string; content: string }[] {
  const read = (file: string, name = basename(file)): { name: string; content: string } => ({
    name,
    content: readFileSync(file, 'utf8'),
  });
  // Beside this file, or above the folder of chunks.
  const built = ['./fault-proxy.js', '../fault-proxy.js'].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const found = built.find((file) => existsSync(file));
  if (found !== undefined) return [read(found, 'program.mjs')];
  const folder = fileURLToPath(new URL('./proxy', import.meta.url));
  const files = globSync('*.ts', { cwd: folder }).sort(
    (a, b) => Number(b === 'program.ts') - Number(a === 'program.ts'),
  );
  return [...files.map((file) => read(`${folder}/${file}`)), { name: 'package.json', content: '{"type":"module"}' }];
}

function helperFor(fault: string, task: ProxyTask, host: Dockerode.HostConfig): Helper {
  const files = programFiles();
  const command = ['node', `/gym/${files[0]?.name ?? ''}`];
  return { fault, image: 'node', command, env: [`GYM_PROXY=${JSON.stringify(task)}`], host, files };
}

/** Looks from a client's network where a name leads and how an empty connection to it fares. */
export async function probeFrom(
  system: System,
  fault: string,
  client: string,
  task: Omit<Extract<ProxyTask, { do: 'probe' }>, 'do'>,
): Promise<Result<Probed>> {
  const host = { NetworkMode: `container:${client}` };
  const ran = await mustRun(system, `probing ${task.host}`, helperFor(fault, { do: 'probe', ...task }, host));
  return ran.ok ? parseLine(ran.value, probed) : ran;
}

/** The TCP ports that a container's network listens on, other than on its loopback. */
export async function listeningPorts(
  system: System,
  fault: string,
  container: string,
): Promise<Result<readonly number[]>> {
  const ran = await mustRun(system, 'looking at the listening ports', {
    fault,
    image: 'node',
    command: ['cat', '/proc/net/tcp', '/proc/net/tcp6'],
    host: { NetworkMode: `container:${container}` },
  });
  return ran.ok ? ok(parseListening(ran.value)) : ran;
}

/** Reads /proc/net/tcp and tcp6, proc_net(5): local address in hexadecimal, state 0A is listening. */
export function parseListening(text: string): number[] {
  const ports = text.split('\n').flatMap((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/);
    const [address = '', port = ''] = local.split(':');
    // 127.x.x.x comes in the byte order of the machine; little-endian is what Docker runs on.
    const isLoopback = /^.{6}7F$/.test(address) || address === '00000000000000000000000001000000';
    return state === '0A' && !isLoopback ? [Number.parseInt(port, 16)] : [];
  });
  return [...new Set(ports)].sort((a, b) => a - b);
}

/** Starts a proxy in the given networks and waits until it listens; what its shape did to a trial connection. */
export async function startProxyContainer(
  system: System,
  fault: string,
  networks: readonly string[],
  task: Omit<Extract<ProxyTask, { do: 'serve' }>, 'do' | 'trafficFile'>,
): Promise<Result<{ container: Dockerode.Container; trial: z.infer<typeof trial> | null }>> {
  const { engine } = system;
  const [first, ...others] = networks;
  if (first === undefined) throw new Error('a proxy in no network');
  const helper = helperFor(
    fault,
    { do: 'serve', ...task, trafficFile },
    { NetworkMode: first, CapAdd: ['NET_BIND_SERVICE'] },
  );
  const made = await makeHelper(system, { ...helper, name: `${system.project}-fault-${fault}` });
  if (!made.ok) return made;
  const container = made.value;
  const started = await engine.call('starting the proxy', async () => {
    for (const network of others) await engine.docker.getNetwork(network).connect({ Container: container.id });
    await container.start();
  });
  if (!started.ok) return started;
  const until = performance.now() + readyLimitMs;
  for (;;) {
    const said = await readLog(engine, container);
    if (!said.ok) return said;
    if (said.value.out.includes('\n')) {
      const parsed = parseLine(said.value.out, ready);
      return parsed.ok ? ok({ container, trial: parsed.value.trial }) : parsed;
    }
    const inspected = await engine.call('looking at the proxy', () => container.inspect());
    if (!inspected.ok) return inspected;
    if (!inspected.value.State.Running || performance.now() > until)
      return failed({ kind: 'environment', message: `the proxy did not start: ${said.value.err.trim()}` });
    await sleep(30);
  }
}

/** What went through the proxy, up to some hundredths of a second ago. */
export async function readTraffic({ engine }: System, container: string): Promise<Result<FaultTraffic>> {
  const read = await readContainerFile({ engine, id: container, service: 'the proxy' }, trafficFile);
  return read.ok ? parseLine(Buffer.from(read.value ?? []).toString('utf8'), traffic) : read;
}

function parseLine<Value>(text: string, schema: z.ZodType<Value>): Result<Value> {
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    if (parsed.success) return ok(parsed.data);
  } catch {
    // Said below.
  }
  return failed({ kind: 'environment', message: `the proxy said what is no answer: ${text.slice(0, 200)}` });
}
