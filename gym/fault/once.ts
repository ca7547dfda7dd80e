import type Dockerode from 'dockerode';
import { pack } from 'tar-stream';
import { demultiplex } from '../environment/demux.ts';
import type { Engine } from '../environment/engine.ts';
import { obtainImage } from '../environment/image/pull.ts';
import { label } from '../environment/labels.ts';
import { failed, ok, type Result } from '../events/problem.ts';
import type { System } from './system.ts';

/** The fault that a container was made for, by its label; `undefined`: for none. */
export function faultOfHelper(role: string | undefined): string | undefined {
  return /^fault-(.+?)(-once)?$/.exec(role ?? '')?.[1];
}

/** Images that helpers are made of: small ones that most machines have. perl-base is in each Debian. */
export const helperImages = { debian: 'debian:bookworm-slim', node: 'node:24-bookworm-slim' } as const;

/** The label value of what stays with a fault: its proxy. */
export const helperOf = (fault: string): string => `fault-${fault}`;
/** The label value of what runs a command for a fault. */
export const onceOf = (fault: string): string => `fault-${fault}-once`;

/** A container that is made for a fault. */
export interface Helper {
  /** The fault that it is made for. */
  readonly fault: string;
  readonly image: keyof typeof helperImages;
  readonly command: readonly string[];
  readonly env?: readonly string[];
  readonly host: Dockerode.HostConfig & { readonly CgroupnsMode?: 'host' };
  readonly name?: string;
  /** Files that are put into /gym. */
  readonly files?: readonly { readonly name: string; readonly content: string }[];
}

/** What a command printed, and its exit code. */
export interface Said {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

const runLimitMs = 60_000;

/** Makes a container for a fault, and does not start it. The image is pulled where it is not there. */
export async function makeHelper(
  system: System,
  helper: Helper,
  role = helperOf(helper.fault),
): Promise<Result<Dockerode.Container>> {
  const { engine, labels } = system;
  const Image = helperImages[helper.image];
  const work = { engine, emit: () => undefined, signal: new AbortController().signal, task: '' };
  const image = await obtainImage(work, Image, {}, { policy: 'missing', platform: null });
  if (!image.ok) return image;
  const made = await engine.call(`making a helper for the fault ${helper.fault}`, () =>
    engine.docker.createContainer({
      Image,
      ...(helper.name !== undefined && { name: helper.name }),
      Entrypoint: [],
      Cmd: [...helper.command],
      Env: [...(helper.env ?? [])],
      User: '0:0',
      WorkingDir: '/',
      Healthcheck: { Test: ['NONE'] },
      Labels: { ...labels, [label.helper]: role },
      HostConfig: { NetworkMode: 'none', CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'], ...helper.host },
    }),
  );
  if (!made.ok || helper.files === undefined) return made;
  const archive = pack();
  for (const { name, content } of helper.files) archive.entry({ name: `gym/${name}`, mode: 0o644 }, content);
  archive.finalize();
  const put = await engine.call('putting files into a helper', () => made.value.putArchive(archive, { path: '/' }));
  return put.ok ? made : put;
}

/** Runs a command in a container of its own and removes that again. A command that fails is no problem here. */
export async function runOnce(system: System, helper: Helper): Promise<Result<Said>> {
  const { engine } = system;
  const made = await makeHelper(system, helper, onceOf(helper.fault));
  if (!made.ok) return made;
  try {
    const ran = await engine.call(
      'running a helper',
      async () => {
        await made.value.start();
        return made.value.wait();
      },
      runLimitMs,
    );
    if (!ran.ok) return ran;
    const said = await readLog(engine, made.value);
    return said.ok ? ok({ exitCode: ran.value.StatusCode, ...said.value }) : said;
  } finally {
    await engine.call('removing a helper', () => made.value.remove({ force: true, v: true }));
  }
}

/** The same for a command that has to succeed; its standard output. */
export async function mustRun(system: System, what: string, helper: Helper): Promise<Result<string>> {
  const said = await runOnce(system, helper);
  if (!said.ok) return said;
  const { exitCode, out, err } = said.value;
  if (exitCode === 0) return ok(out);
  return failed({ kind: 'environment', message: `${what}: ${err.trim() || `exit code ${exitCode}`}` });
}

/** All that a container has printed. */
export async function readLog(
  engine: Engine,
  container: Dockerode.Container,
): Promise<Result<{ out: string; err: string }>> {
  const read = await engine.call('reading a log', () => container.logs({ stdout: true, stderr: true, follow: false }));
  if (!read.ok) return read;
  const texts = { stdout: '', stderr: '' };
  for await (const { stream, bytes } of demultiplex(once(read.value)))
    texts[stream] += Buffer.from(bytes).toString('utf8');
  return ok({ out: texts.stdout, err: texts.stderr });
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
