import { failed, ok, type Result } from '../events/problem.ts';
import type { Engine } from './engine.ts';
import type { Observed } from './environment.ts';
import { runExec } from './exec.ts';
import { obtainImage } from './image/pull.ts';
import type { ReadyImage } from './image/ready.ts';
import { label } from './labels.ts';

/** A small image with find, cat and grep. A service's own image is no substitute: whoever wrote that may have written its `cat`. */
export const helperImage = 'debian:bookworm-slim';
const observeLimitMs = 20_000;
const pullLimitMs = 60_000;

/** What a helper is made with. */
export interface HelperParts {
  readonly engine: Engine;
  readonly project: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Tells one observed thing from another. */
export function observedKey(observed: Observed): string {
  return observed.kind === 'network' ? `network-${observed.service}` : `volume-${observed.volume}`;
}

/**
 * Starts a container that looks at something from outside: in the network namespace of the container `joined`, or with the volume
 * `joined` at /volume, read-only. It may read every file and nothing else. Gives its id.
 */
export async function startHelper(parts: HelperParts, observed: Observed, joined: string): Promise<Result<string>> {
  const { engine, project, labels } = parts;
  const key = observedKey(observed);
  const small = await obtainHelperImage(engine);
  if (!small.ok) return small;
  const what = `starting the observer of ${key.replace('-', ' ')}`;
  const created = await engine.call(what, async () => {
    const container = await engine.docker.createContainer({
      name: `${project}-observer-${key}`,
      Image: helperImage,
      // Any number of seconds that every `sleep` takes.
      Entrypoint: ['sleep', '2147483647'],
      Cmd: [],
      User: '0:0',
      WorkingDir: '/',
      Healthcheck: { Test: ['NONE'] },
      Labels: { ...labels, [label.helper]: key },
      HostConfig: {
        NetworkMode: observed.kind === 'network' ? `container:${joined}` : 'none',
        Mounts:
          observed.kind === 'volume' ? [{ Type: 'volume', Source: joined, Target: '/volume', ReadOnly: true }] : [],
        CapDrop: ['ALL'],
        CapAdd: ['DAC_READ_SEARCH'],
        ReadonlyRootfs: true,
        SecurityOpt: ['no-new-privileges'],
      },
    });
    await container.start();
    return container.id;
  });
  return created.ok ? ok(created.value) : created;
}

async function obtainHelperImage(engine: Engine): Promise<Result<ReadyImage>> {
  const work = { engine, emit: () => {}, signal: AbortSignal.timeout(pullLimitMs), task: '' };
  const obtained = await obtainImage(work, helperImage, {}, { policy: 'missing', platform: null });
  if (obtained.ok) return obtained;
  const [problem] = obtained.problems;
  const remedy = `Bring it yourself: docker pull ${helperImage}. Witnesses are read in it: a service's own image could not be believed about itself.`;
  return failed({ ...problem, remedy });
}

/** Runs a command in a helper; its standard output. A command that fails is a problem of kind `evidence`. */
export async function askHelper(
  engine: Engine,
  id: string,
  observed: Observed,
  command: readonly string[],
): Promise<Result<string>> {
  const out: Uint8Array[] = [];
  const err: Uint8Array[] = [];
  const name = observed.kind === 'network' ? `the network of ${observed.service}` : `the volume ${observed.volume}`;
  const outcome = await runExec(
    { engine, id, service: `the observer of ${name}` },
    {
      command,
      onOutput: (chunk, stream) => (stream === 'stdout' ? out : err).push(chunk),
      signal: new AbortController().signal,
      timeoutMs: observeLimitMs,
    },
  );
  if (outcome.kind === 'exited' && outcome.exitCode === 0) return ok(Buffer.concat(out).toString('utf8'));
  const because =
    outcome.kind === 'exited'
      ? `exit code ${outcome.exitCode}: ${Buffer.concat(err).toString('utf8').trim()}`
      : outcome.kind === 'lost'
        ? outcome.because
        : outcome.kind;
  return failed({ kind: 'evidence', message: `${name} could not be observed: ${because}` });
}
