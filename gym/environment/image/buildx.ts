import type { BuildModel, StoreModel } from '../compose/model.ts';
import type { ImageWork } from './ready.ts';

/** What is needed beside the model of the build. */
export interface BuildxParts {
  readonly reference: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly platform: string | null;
  readonly secrets: ReadonlyMap<string, StoreModel>;
}

const keptLines = 30;

/** Whether a build asks for what the engine's own API does not take: it has no way to hand secrets, agents or further folders over. */
export function needsBuildx({ secrets, ssh, additionalContexts, extraHosts }: BuildModel): boolean {
  return secrets.length > 0 || ssh.length > 0 || Object.keys(additionalContexts).length > 0 || extraHosts.length > 1;
}

/** Builds by `docker buildx`. Why it failed, with the last lines; `undefined`: it did not. */
export async function runBuildx(work: ImageWork, build: BuildModel, parts: BuildxParts): Promise<string | undefined> {
  // Few builds need it, and its import takes as long as many an answer of the engine.
  const { execa } = await import('execa');
  const { failed, isCanceled, all, exitCode } = await execa('docker', [...buildxArguments(build, parts)], {
    reject: false,
    all: true,
    cancelSignal: work.signal,
    env: secretVariables(build, parts.secrets),
    ...(build.dockerfileInline !== null && { input: build.dockerfileInline }),
  });
  if (isCanceled) return 'it was interrupted';
  if (!failed) return undefined;
  const lines = (all ?? '').split(/\r?\n/).filter((line) => line.trim() !== '');
  // Without the plugin, what docker says of the words after it differs from version to version and names no plugin.
  const version = await execa('docker', ['buildx', 'version'], { reject: false });
  if (lines.length === 0 || version.failed) {
    return 'its secrets, ssh, additional contexts or extra hosts need docker buildx, which does not run on this machine (docker buildx version); install the docker-buildx plugin';
  }
  return [`docker buildx ended with ${exitCode}`, ...lines.slice(-keptLines).map((line) => `  ${line}`)].join('\n');
}

/** The command line after `docker`. */
export function buildxArguments(build: BuildModel, parts: BuildxParts): readonly string[] {
  const options = (name: string, values: readonly string[]): string[] => values.flatMap((value) => [name, value]);
  const pairs = (of: Readonly<Record<string, string>>): string[] =>
    Object.entries(of).map(([name, value]) => `${name}=${value}`);
  return [
    ...['buildx', 'build', '--load', '--progress', 'plain', '--tag', parts.reference],
    ...['--file', build.dockerfileInline === null ? build.dockerfile : '-'],
    ...options('--build-arg', pairs(build.args)),
    ...options('--label', pairs({ ...build.labels, ...parts.labels })),
    ...options('--add-host', build.extraHosts),
    ...options('--build-context', pairs(build.additionalContexts)),
    ...options('--ssh', build.ssh),
    ...options(
      '--secret',
      build.secrets.flatMap((secret) => secretOption(secret, parts.secrets)),
    ),
    ...(build.target === null ? [] : ['--target', build.target]),
    ...(build.network === null ? [] : ['--network', build.network]),
    ...(build.shmSizeBytes === null ? [] : ['--shm-size', String(build.shmSizeBytes)]),
    ...(parts.platform === null ? [] : ['--platform', parts.platform]),
    build.context,
  ];
}

type Secret = BuildModel['secrets'][number];

function secretOption({ source, target }: Secret, secrets: ReadonlyMap<string, StoreModel>): string[] {
  const from = secrets.get(source)?.from;
  if (from === undefined) return [];
  const id = `id=${target ?? source}`;
  return [from.kind === 'file' ? `${id},src=${from.file}` : `${id},env=${variableOf(source)}`];
}

/** By the environment, not the command line: that anybody can read. */
function secretVariables(
  { secrets: used }: BuildModel,
  secrets: ReadonlyMap<string, StoreModel>,
): Record<string, string> {
  const variables = used.flatMap(({ source }): [string, string][] => {
    const from = secrets.get(source)?.from;
    return from === undefined || from.kind === 'file' ? [] : [[variableOf(source), from.content]];
  });
  return Object.fromEntries(variables);
}

function variableOf(source: string): string {
  return `GYM_SECRET_${source.replace(/[^A-Za-z0-9]/g, '_')}`;
}
