import { dirname, sep } from 'node:path';
import { failed, ok, type Problem, type Result } from '../events/problem.ts';
import type { ComposeModel, ServiceModel } from './compose/model.ts';
import type { Engine } from './engine.ts';
import type { UpRequest } from './environment.ts';

/** What is the same on every machine, or meant to be of the machine that the container runs on. */
const systemFolders = ['/dev', '/etc', '/lib', '/proc', '/run', '/sys', '/usr', '/var'];

/**
 * An engine on another machine does not see the files of this one: it would mount a folder that is empty, or another one of the same name.
 * Only folders of its system can be meant as they are written.
 */
export function checkElsewhere(engine: Engine, model: ComposeModel, request: UpRequest): Result<void> {
  if (engine.tunnel === null) return ok(undefined);
  const own = [request.checkout, ...request.composeFiles.map((file) => dirname(file))];
  const isThere = (path: string): boolean => isBelow(path, systemFolders) && !isBelow(path, own);
  const problems = [...model.services.values()].flatMap((service) =>
    localFiles(service, isThere).map((what): Problem => {
      return {
        kind: 'environment',
        message: `${what} is on this machine, and the engine at ${engine.address} on another one`,
        place: { file: service.file, line: service.line, service: service.name },
        remedy: 'Copy it into the image (build, COPY), or use an engine on this machine.',
      };
    }),
  );
  const [first, ...others] = problems;
  return first === undefined ? ok(undefined) : failed(first, ...others);
}

function localFiles(service: ServiceModel, isThere: (path: string) => boolean): readonly string[] {
  return [
    ...service.mounts.flatMap((mount) =>
      mount.kind === 'bind' && !isThere(mount.source) ? [`the folder or file ${mount.source}`] : [],
    ),
    ...service.secrets.map(({ source }) => `the secret ${source}`),
    ...service.configs.map(({ source }) => `the config ${source}`),
  ];
}

function isBelow(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep));
}

/**
 * Tells which port of this machine leads to a published one. Those of another machine are forwarded as long as this process lives; of an
 * environment that outlives it they are named as they are there.
 */
export function reaching(
  { tunnel, address }: Engine,
  { lease, emit }: UpRequest,
): (port: number, protocol: string) => Promise<number | undefined> {
  if (tunnel === null) return async (port) => port;
  const noteOnce = once((text: string) => emit({ type: 'noted', text }));
  return async (port, protocol) => {
    if (lease === 'kept') {
      noteOnce(`published ports are those of 127.0.0.1 at ${address}; ssh -L leads to them`);
      return port;
    }
    const forwarded =
      protocol === 'tcp'
        ? await tunnel.forward(port)
        : failed({ kind: 'environment', message: 'ssh forwards only tcp' });
    if (forwarded.ok) return forwarded.value;
    emit({
      type: 'noted',
      text: `port ${port}/${protocol} of ${address} is not reached: ${forwarded.problems[0].message}`,
    });
    return undefined;
  };
}

function once(say: (text: string) => void): (text: string) => void {
  let said = false;
  return (text) => {
    if (!said) say(text);
    said = true;
  };
}
