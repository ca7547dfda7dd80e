import { pack } from 'tar-stream';
import { failed, ok, type Result } from '../events/problem.ts';
import { nearOrKnown } from '../task/suggest.ts';
import type { Engine } from './engine.ts';
import type { BesideRequest, ExecOutcome } from './environment.ts';
import { runExec } from './exec.ts';
import { obtainImage } from './image/pull.ts';
import { label } from './labels.ts';
import type { NetworkNames } from './networks.ts';

/** The image that programs of gym's own run in, which are JavaScript. */
const programImage = 'node:24-bookworm-slim';
const pullLimitMs = 60_000;

/** The environment that a program runs beside. */
export interface BesideParts {
  readonly engine: Engine;
  /** What the engine's names of containers begin with. */
  readonly prefix: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly networks: NetworkNames;
}

/** Runs a program in a container of its own on one of the environment's networks, and removes that again. */
export async function runBeside(parts: BesideParts, request: BesideRequest): Promise<Result<ExecOutcome>> {
  const { engine } = parts;
  const network = parts.networks.get(request.network);
  if (network === undefined) {
    const remedy = nearOrKnown(request.network, 'networks', [...parts.networks.keys()].sort());
    return failed({ kind: 'evidence', message: `the Compose file has no network ${request.network}`, remedy });
  }
  const image = await obtainProgramImage(engine, request);
  if (!image.ok) return image;
  const made = await engine.call(`making a container for ${request.name}`, () =>
    engine.docker.createContainer({
      name: `${parts.prefix}-beside-${request.name}`,
      Image: programImage,
      Entrypoint: ['sleep', '2147483647'],
      Cmd: [],
      User: '65534:65534',
      WorkingDir: '/',
      Healthcheck: { Test: ['NONE'] },
      Labels: { ...parts.labels, [label.helper]: `beside-${request.name}` },
      HostConfig: {
        NetworkMode: network,
        Init: true,
        // Before the services where processors are short: who measures them must not wait for them.
        CpuShares: 8192,
        CapDrop: ['ALL'],
        // For whoever cuts it short: a command is ended as root, from inside.
        CapAdd: ['KILL'],
        SecurityOpt: ['no-new-privileges'],
      },
    }),
  );
  if (!made.ok) return made;
  const container = made.value;
  try {
    const archive = pack();
    for (const { name, content } of request.files) archive.entry({ name: `gym/${name}`, mode: 0o644 }, content);
    archive.finalize();
    const started = await engine.call(`starting the container of ${request.name}`, async () => {
      await container.putArchive(archive, { path: '/' });
      await container.start();
    });
    if (!started.ok) return started;
    return ok(await runExec({ engine, id: container.id, service: request.name }, request));
  } finally {
    await engine.call(`removing the container of ${request.name}`, () => container.remove({ force: true, v: true }));
  }
}

async function obtainProgramImage(engine: Engine, { name, signal }: BesideRequest): Promise<Result<unknown>> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(pullLimitMs)]);
  const work = { engine, emit: () => undefined, signal: limited, task: '' };
  const obtained = await obtainImage(work, programImage, {}, { policy: 'missing', platform: null });
  if (obtained.ok) return obtained;
  const remedy = `Bring it yourself: docker pull ${programImage}. ${name} runs in it, on the environment's network.`;
  return failed({ ...obtained.problems[0], remedy });
}
