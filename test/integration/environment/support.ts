import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { Environment, ExecOutcome, ExecRequest, UpRequest } from '../../../gym/environment/environment.ts';
import { up } from '../../../gym/environment/up.ts';
import type { EventBody } from '../../../gym/events/event.ts';
import type { Result } from '../../../gym/events/problem.ts';

/** A folder, events and environments of one test; all are removed after it. */
export interface Bench {
  readonly folder: string;
  readonly events: EventBody[];
  write(name: string, text: string): string;
  /** Brings up `compose.yaml` of the folder, as `text` where that is given. */
  up(text: string, change?: Partial<UpRequest>): Promise<Result<Environment>>;
  /** The same, which has to succeed. */
  mustUp(text: string, change?: Partial<UpRequest>): Promise<Environment>;
  request(change?: Partial<UpRequest>): UpRequest;
  /** What a service's log file holds now. */
  logOf(environment: Environment, service: string): string;
}

let count = 0;

/** Sets a bench up for each test of the file. */
export function bench(): Bench {
  let folder = '';
  const events: EventBody[] = [];
  const made: Environment[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gym-environment-'));
    events.length = 0;
  });
  afterEach(async () => {
    for (const environment of made.splice(0)) await environment.down();
    rmSync(folder, { recursive: true, force: true });
  });
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const request = (change: Partial<UpRequest> = {}): UpRequest => {
    count += 1;
    const name = `gymtest-${process.pid}-${count}`;
    return {
      composeFiles: [join(folder, 'compose.yaml')],
      project: name,
      task: 'gymtest',
      run: name,
      lease: 'process',
      checkout: folder,
      variables: {},
      ambient: process.env,
      logDirectory: join(folder, `logs-${count}`),
      observed: [],
      emit: (event) => events.push(event),
      signal: new AbortController().signal,
      deadlineMs: 60_000,
      ...change,
    };
  };
  const start = async (text: string, change?: Partial<UpRequest>): Promise<Result<Environment>> => {
    write('compose.yaml', text);
    const brought = await up(request(change));
    if (brought.ok) made.push(brought.value);
    return brought;
  };
  return {
    get folder() {
      return folder;
    },
    events,
    write,
    request,
    logOf: (environment, service) => readFileSync(environment.logFile(service), 'utf8'),
    up: start,
    async mustUp(text, change) {
      const brought = await start(text, change);
      if (!brought.ok) throw new Error(brought.problems.map(({ message }) => message).join('\n'));
      return brought.value;
    },
  };
}

/** What the docker CLI prints. */
export function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

/** Containers, networks and volumes that carry a label, as the docker CLI sees them. */
export function labelled(text: string): string[] {
  const filter = `label=${text}`;
  return [
    docker('ps', '-a', '--filter', filter, '--format', 'container {{.Names}}'),
    docker('network', 'ls', '--filter', filter, '--format', 'network {{.Name}}'),
    docker('volume', 'ls', '--filter', filter, '--format', 'volume {{.Name}}'),
  ]
    .join('\n')
    .split('\n')
    .filter((line) => line !== '');
}

/** Runs a command in a service and collects its output. */
export async function run(
  environment: Environment,
  service: string,
  command: readonly string[],
  change: Partial<ExecRequest> = {},
): Promise<{ outcome: ExecOutcome; out: string; err: string }> {
  const texts = { stdout: '', stderr: '' };
  const outcome = await environment.exec(service, {
    command,
    onOutput: (chunk, stream) => {
      texts[stream] += Buffer.from(chunk).toString('utf8');
    },
    signal: new AbortController().signal,
    timeoutMs: 30_000,
    ...change,
  });
  return { outcome, out: texts.stdout, err: texts.stderr };
}

/** The message of the first problem. */
export function messageOf(result: Result<unknown>): string {
  return result.ok ? '' : result.problems[0].message;
}

/** Waits until something is so; throws after some seconds. */
export async function eventually(isSo: () => boolean): Promise<void> {
  const until = Date.now() + 10_000;
  while (!isSo()) {
    if (Date.now() > until) throw new Error(`not within 10 s: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
