import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { WorkerAddress } from '../../src/topology.ts';

/** A line that a worker has logged. */
export type LogLine = Record<string, unknown>;

/** Workers as processes of this machine, on ports that the kernel picks. */
export class Cluster implements AsyncDisposable {
  readonly workers: WorkerAddress[] = [];
  readonly logs = new Map<string, LogLine[]>();
  readonly #folder = mkdtempSync(join(tmpdir(), 'shuffle-'));
  readonly #processes = new Map<string, ChildProcess>();

  /** Starts one worker for each name and host. Rejects when one does not start. */
  static async start(hosts: Readonly<Record<string, string>>): Promise<Cluster> {
    const cluster = new Cluster();
    const started = Object.entries(hosts).map(([name, host]) => cluster.#startWorker(name, host));
    cluster.workers.push(...(await Promise.all(started)));
    return cluster;
  }

  /** Kills a worker without warning. */
  kill(name: string): void {
    this.#processes.get(name)?.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = [...this.#processes.values()].filter(
      ({ exitCode, signalCode }) => exitCode === null && !signalCode,
    );
    const exits = running.map((process) => once(process, 'exit'));
    for (const process of running) process.kill('SIGKILL');
    await Promise.all(exits);
    rmSync(this.#folder, { recursive: true });
  }

  async #startWorker(name: string, host: string): Promise<WorkerAddress> {
    const process_ = spawn(process.execPath, [join(import.meta.dirname, '../../src/worker.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        SHUFFLE_WORKER: name,
        SHUFFLE_CONTROL_PORT: '0',
        SHUFFLE_DATA_PORT: '0',
        SHUFFLE_SHM: join(this.#folder, host),
        SHUFFLE_READY_FILE: join(this.#folder, `${name}.ready`),
      },
    });
    this.#processes.set(name, process_);
    const lines: LogLine[] = [];
    this.logs.set(name, lines);
    const listening = Promise.withResolvers<LogLine>();
    process_.once('exit', (code) => listening.reject(new Error(`${name} exited with ${code}`)));
    createInterface({ input: process_.stdout }).on('line', (text) => {
      const line: LogLine = JSON.parse(text);
      lines.push(line);
      if (line['msg'] === 'listening') listening.resolve(line);
    });
    const { controlPort, dataPort } = await listening.promise;
    return { name, host, control: `127.0.0.1:${controlPort}`, data: `127.0.0.1:${dataPort}` };
  }
}
