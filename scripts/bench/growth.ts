import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { resolveHost } from '../../gym/environment/host.ts';
import { type BenchCheckout, benchCheckout, fourServices, manyServices } from './checkout.ts';
import { median, table } from './measure.ts';

/** What bringing environments up at the same time came to. */
interface Cost {
  readonly ms: number;
  /** Of the largest gym process. */
  readonly peakMegabytes: number;
  readonly engineCalls: number;
}

/** How time, memory and calls of the engine grow with the number of services and of environments. */
export async function benchGrowth(rounds: number): Promise<string> {
  const rows: string[][] = [];
  for (const count of [1, 4, 16, 40]) {
    rows.push([`1 environment of ${count} services`, ...(await costs([manyServices(count)], rounds))]);
  }
  for (const count of [1, 4, 9]) {
    const texts = Array.from({ length: count }, () => fourServices);
    rows.push([`${count} environments of four services`, ...(await costs(texts, rounds))]);
  }
  return table(['what comes up', 'ms', 'largest gym process, MB', 'engine calls'], rows);
}

async function costs(texts: readonly string[], rounds: number): Promise<string[]> {
  const measured: Cost[] = [];
  for (let round = 0; round < rounds; round += 1) measured.push(await upTogether(texts));
  const middle = (pick: (cost: Cost) => number): string => median(measured.map(pick)).toFixed(0);
  return [middle(({ ms }) => ms), middle((cost) => cost.peakMegabytes), middle((cost) => cost.engineCalls)];
}

async function upTogether(texts: readonly string[]): Promise<Cost> {
  const checkouts = texts.map((text, index) => benchCheckout(`many${index}`, text));
  await using counter = await countingEngine();
  const started = performance.now();
  const peaks = await Promise.all(checkouts.map((checkout) => peakOf(checkout, counter.host)));
  const ms = performance.now() - started;
  const engineCalls = counter.calls();
  for (const { gym, path, ...rest } of checkouts) {
    await execa({ cwd: path })`${gym('down', '--wait')}`;
    rest[Symbol.dispose]();
  }
  return { ms, peakMegabytes: Math.max(...peaks) / 1024, engineCalls };
}

/** Kilobytes; what getrusage(2) tells of a process that has ended is not known to Node, so the process tells itself. */
async function peakOf({ gym, path }: BenchCheckout, host: string): Promise<number> {
  const tell = `process.on('exit', () => process.stdout.write('PEAK ' + process.resourceUsage().maxRSS))`;
  const [program = '', ...args] = gym('up');
  const { stdout } = await execa(program, ['--import', `data:text/javascript,${tell}`, ...args], {
    cwd: path,
    env: { DOCKER_HOST: host },
  });
  return Number(/PEAK (\d+)/.exec(stdout)?.[1]);
}

/** A way to the engine that counts requests. */
async function countingEngine(): Promise<{ host: string; calls: () => number } & AsyncDisposable> {
  const resolved = resolveHost(process.env);
  if (!resolved.ok || resolved.value.kind !== 'socket') throw new Error('an engine on a unix socket is needed');
  const { path: engineSocket } = resolved.value;
  const folder = mkdtempSync(join(tmpdir(), 'gym-bench-'));
  let calls = 0;
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const engine = connect({ path: engineSocket, allowHalfOpen: true });
    client.on('data', (chunk: Buffer) => {
      calls += chunk.toString('latin1').match(/^(?:GET|POST|PUT|DELETE|HEAD) \S+ HTTP\/1\.1\r$/gm)?.length ?? 0;
    });
    client.on('error', () => engine.destroy()).pipe(engine);
    engine.on('error', () => client.destroy()).pipe(client);
  });
  const socket = join(folder, 'engine.sock');
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    host: `unix://${socket}`,
    calls: () => calls,
    async [Symbol.asyncDispose]() {
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
