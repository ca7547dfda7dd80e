import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import type { Environment } from '../../../gym/environment/environment.ts';
import { keepSlots } from '../../../gym/environment/slots/keep.ts';
import { up } from '../../../gym/environment/up.ts';
import { problem, type Result } from '../../../gym/events/problem.ts';
import { type FaultPlace, type Injected, inject } from '../../../gym/fault/inject.ts';
import type { EnvironmentFault } from '../../../gym/task/environment-fault.ts';
import { run } from '../environment/support.ts';

const serve = `
const { createServer } = require('node:net');
createServer({ allowHalfOpen: true }, (socket) => socket.on('error', () => {}).pipe(socket)).listen(7000);
createServer({ allowHalfOpen: true }, (socket) => socket.on('error', () => {}).pipe(socket)).listen(7001);`;

/** A client `a`, an echo `b` on two ports, and another client `c`, in one network; `a` and `b` have one more each, `d` has that of `c`, which has limits and sees the host's cgroups. */
export const compose = JSON.stringify({
  services: {
    a: { image: 'node:24-bookworm-slim', init: true, command: ['sleep', '1000'], networks: ['back', 'front'] },
    b: {
      image: 'node:24-bookworm-slim',
      init: true,
      command: ['node', '-e', serve],
      healthcheck: { test: ['CMD', 'node', '-e', "require('net').connect(7001, '127.0.0.1', () => process.exit(0))"] },
      tmpfs: ['/small:size=1m'],
      ports: ['7000'],
      volumes: ['data:/data'],
      networks: { back: { aliases: ['echo'] }, side: {} },
    },
    c: {
      image: 'node:24-bookworm-slim',
      init: true,
      command: ['sleep', '1000'],
      networks: ['back'],
      mem_limit: '400m',
      cpus: 1.5,
      cgroup: 'host',
    },
    d: { image: 'node:24-bookworm-slim', init: true, command: ['sleep', '1000'], network_mode: 'service:c' },
  },
  networks: { front: {}, back: {}, side: {} },
  volumes: { data: {} },
});

/** What a client saw of an exchange with `b`. */
export interface Exchange {
  /** The error's code; `closed`: all came back; `silent`: nothing more came within the time. */
  readonly end: string;
  readonly bytes: number;
  readonly ms: number;
}

const exchange = `
const [host, port, bytes, limitMs] = process.argv.slice(1);
let got = 0, startedAt = performance.now();
const say = (end) => { console.log(JSON.stringify({ end, bytes: got, ms: performance.now() - startedAt })); process.exit(); };
const socket = require('node:net').connect({ host, port: Number(port), allowHalfOpen: true }, () => {
  startedAt = performance.now();
  socket.end(Buffer.alloc(Number(bytes), 120));
});
socket.on('data', (chunk) => { got += chunk.length; }).on('end', () => say('closed')).on('error', (error) => say(error.code));
setTimeout(() => say('silent'), Number(limitMs));`;

/** The environment of a test file. */
export interface Duo {
  readonly environment: Environment;
  readonly place: FaultPlace;
  readonly folder: string;
  /** Injects a fault, which has to work. */
  must(fault: EnvironmentFault): Promise<Injected>;
  /** Undoes it, which has to work; what was said of it. */
  clear(injected: Injected): Promise<readonly string[]>;
  /** Sends bytes to the echo and waits for them to come back. */
  talk(from: string, options?: { host?: string; port?: number; bytes?: number; limitMs?: number }): Promise<Exchange>;
  /** A shell command's output, errors after it. */
  shell(service: string, script: string): Promise<string>;
}

/** Brings the environment up for all tests of a file: kept, as `gym up` does, with networks of its own or in slots that wait for it. */
export function duo(name: string, places: 'own' | 'slots' = 'own'): Duo {
  const folder = mkdtempSync(join(tmpdir(), 'gym-fault-'));
  let environment: Environment | undefined;
  beforeAll(async () => {
    writeFileSync(join(folder, 'compose.yaml'), compose);
    const project = `gymfault-${name}-${process.pid}`;
    const request = {
      composeFiles: [join(folder, 'compose.yaml')],
      project,
      task: 'duo',
      run: project,
      lease: 'kept' as const,
      checkout: folder,
      variables: {},
      ambient: process.env,
      logDirectory: join(folder, 'logs'),
      observed: [],
      emit: () => undefined,
      signal: new AbortController().signal,
      deadlineMs: 60_000,
    };
    if (places === 'slots') expect(mustOk(await keepSlots({ ...request, refill: false }))).toBe('made');
    environment = mustOk(await up(request));
  });
  afterAll(async () => {
    await environment?.down();
    rmSync(folder, { recursive: true, force: true });
  });
  const there = (): Environment => {
    if (environment === undefined) throw new Error('the environment is not up');
    return environment;
  };
  const place = (): FaultPlace => ({ ambient: process.env, project: there().project });
  return {
    folder,
    get environment() {
      return there();
    },
    get place() {
      return place();
    },
    async must(fault) {
      const injected = mustOk(await inject(place(), fault));
      if (!injected.activated) throw new Error(`not activated: ${JSON.stringify(injected.evidence)}`);
      return injected;
    },
    clear: async (injected) => mustOk(await injected.clear()),
    async talk(from, { host = 'b', port = 7000, bytes = 5, limitMs = 1500 } = {}) {
      const command = ['node', '-e', exchange, '--', host, `${port}`, `${bytes}`, `${limitMs}`];
      const { out, err } = await run(there(), from, command);
      if (out === '') throw new Error(err);
      return JSON.parse(out);
    },
    async shell(service, script) {
      const { out, err } = await run(there(), service, ['sh', '-c', script]);
      return out + err;
    },
  };
}

/** The value of what has to have gone well. */
export function mustOk<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(result.problems.map((each) => JSON.stringify(problem.parse(each))).join('\n'));
  return result.value;
}
