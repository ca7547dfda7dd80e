// One worker: an HTTP server for the driver and its neighbours, and a TCP server that takes transfers.
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer as createTcpServer, type Server } from 'node:net';
import type { Columns } from './columns.ts';
import { readDataset } from './dataset.ts';
import { InvalidInput, messageOf } from './errors.ts';
import { type Reply, readJson, send } from './http.ts';
import { asCount, asRecord, parseJob } from './job.ts';
import { jsonLog, type Log } from './log.ts';
import { Shuffle } from './shuffle.ts';

/** What a worker is told when it starts. */
interface Settings {
  readonly worker: string;
  readonly controlPort: number;
  readonly dataPort: number;
  /** The folder that it shares with the workers of its host. */
  readonly shm: string;
  /** A file that is there when, and only when, the worker listens. */
  readonly readyFile: string;
}

/** Answers requests; holds at most one shuffle. */
class Worker {
  readonly #settings: Settings;
  readonly #dataset: Columns;
  readonly #log: Log;
  #shuffle: Shuffle | undefined;

  constructor(settings: Settings, dataset: Columns, log: Log) {
    this.#settings = settings;
    this.#dataset = dataset;
    this.#log = log;
  }

  /** The shuffle that incoming connections belong to. */
  get shuffle(): Shuffle | undefined {
    return this.#shuffle;
  }

  /** Answers one request; an error becomes an answer too. */
  async answer(message: IncomingMessage): Promise<Reply> {
    const endpoint = `${message.method} ${message.url}`;
    try {
      return await this.#route(endpoint, message);
    } catch (error) {
      const reason = messageOf(error);
      this.#log.error('request failed', { endpoint, error: reason });
      return { status: error instanceof InvalidInput ? 400 : 500, value: { error: reason } };
    }
  }

  async #route(endpoint: string, message: IncomingMessage): Promise<Reply> {
    switch (endpoint) {
      case 'GET /health':
        return { status: 200, value: { worker: this.#settings.worker, job: this.#shuffle?.spec.job ?? null } };
      case 'PUT /job':
        return this.#open(await readJson(message));
      case 'DELETE /job':
        this.#shuffle?.abort('aborted by the driver');
        this.#shuffle = undefined;
        return { status: 200, value: {} };
      case 'POST /job/run':
        await this.#current().run(this.#dataset);
        return { status: 200, value: {} };
      case 'POST /job/files':
        return this.#receiveFile(await readJson(message));
      case 'GET /job/report':
        return { status: 200, value: this.#current().report() };
      default:
        return { status: 404, value: { error: `there is no ${endpoint}` } };
    }
  }

  async #open(body: unknown): Promise<Reply> {
    const { worker, shm } = this.#settings;
    this.#shuffle?.abort('another job was opened');
    this.#shuffle = new Shuffle(parseJob(body), worker, shm, this.#log);
    await this.#shuffle.open();
    return { status: 200, value: {} };
  }

  async #receiveFile(body: unknown): Promise<Reply> {
    const fields = asRecord(body, 'file');
    const shuffle = this.#current();
    if (fields['job'] !== shuffle.spec.job) throw new InvalidInput('the file is of another job');
    await shuffle.receiveFile(asCount(fields['source'], 'source'), asCount(fields['partition'], 'partition'));
    return { status: 200, value: {} };
  }

  #current(): Shuffle {
    if (!this.#shuffle) throw new InvalidInput('no job is open');
    return this.#shuffle;
  }
}

function readSettings(env: NodeJS.ProcessEnv): Settings {
  const worker = env['SHUFFLE_WORKER'];
  if (!worker) throw new Error('SHUFFLE_WORKER must name this worker');
  return {
    worker,
    controlPort: Number(env['SHUFFLE_CONTROL_PORT'] ?? 7000),
    dataPort: Number(env['SHUFFLE_DATA_PORT'] ?? 7001),
    shm: env['SHUFFLE_SHM'] ?? '/shm',
    readyFile: env['SHUFFLE_READY_FILE'] ?? '/tmp/ready',
  };
}

/** Listens and answers the port, which the kernel picks where 0 is asked for. */
async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '0.0.0.0');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address ? address.port : port;
}

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  rmSync(settings.readyFile, { force: true });
  const log = jsonLog({ worker: settings.worker });
  const worker = new Worker(settings, readDataset(), log);

  const dataServer = createTcpServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {});
    const received = worker.shuffle?.receive(socket) ?? Promise.reject(new Error('no job is open'));
    received.catch((error: unknown) => {
      log.error('connection failed', { error: messageOf(error) });
      socket.destroy();
    });
  });
  const controlServer = createHttpServer(async (message, response) => send(response, await worker.answer(message)));
  // A run is answered when it is done, and a neighbour's idle connection must not be closed just as it is used.
  controlServer.requestTimeout = 0;
  controlServer.keepAliveTimeout = 60_000;

  const dataPort = await listen(dataServer, settings.dataPort);
  const controlPort = await listen(controlServer, settings.controlPort);
  writeFileSync(settings.readyFile, '');
  log.info('listening', { controlPort, dataPort });
}

await main();
