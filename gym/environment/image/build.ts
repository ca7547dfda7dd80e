import { isAbsolute } from 'node:path';
import { failed, ok, type Place, type Result } from '../../events/problem.ts';
import type { Inputs } from '../../store/cache.ts';
import { sha256 } from '../../store/sha256.ts';
import type { BuildModel, ServiceModel, StoreModel } from '../compose/model.ts';
import type { Answer } from '../engine.ts';
import { label } from '../labels.ts';
import { needsBuildx, runBuildx } from './buildx.ts';
import { type BuildContext, readContext, tarOf } from './context.ts';
import { baseImages } from './dockerfile.ts';
import { followBuild } from './progress.ts';
import { pruneImages, touchImage } from './prune.ts';
import { findImage, obtainImage } from './pull.ts';
import type { ImageWork, ReadyImage } from './ready.ts';

const buildLimitMs = 60 * 60_000;

/**
 * Builds a service's image, unless one with the same inputs is there: contexts, Dockerfile, options and base images.
 * It is tagged `gym-TASK-SERVICE:HASH`; those of the service that were not used for long are dropped.
 */
export async function buildImage(
  work: ImageWork,
  service: ServiceModel,
  build: BuildModel,
  secrets: ReadonlyMap<string, StoreModel>,
): Promise<Result<ReadyImage>> {
  const place = { service: service.name };
  const planned = await planBuild(work, service, build, (base) => obtainBase(work, base, place, service.platform));
  if (!planned.ok) return planned;
  const { context, repository, reference } = planned.value;
  const found = await findImage(work, reference);
  if (!found.ok) return found;
  if (found.value !== undefined && (await touchImage(work.engine, reference))) {
    return ok({ ...found.value, how: 'cached' });
  }
  work.emit({ type: 'noted', text: `building the image of ${service.name}` });
  const { platform } = service;
  const why = needsBuildx(build)
    ? await runBuildx(work, build, { reference, labels: { [label.image]: repository }, platform, secrets })
    : await run(work, context, build, { repository, reference, platform });
  if (why !== undefined) {
    return failed({ kind: 'environment', message: `the image of ${service.name} could not be built: ${why}`, place });
  }
  const built = await findImage(work, reference);
  if (!built.ok) return built;
  if (built.value === undefined) {
    return failed({ kind: 'environment', message: `the build of ${service.name} ended well but left no image`, place });
  }
  await pruneImages(work.engine, repository);
  return ok({ ...built.value, how: 'built' });
}

/** A build before it is made. */
interface PlannedBuild {
  readonly context: BuildContext;
  readonly repository: string;
  /** Its name, with the hash of all that goes into it, and the images that it builds upon. */
  readonly reference: string;
  readonly bases: ReadonlyMap<string, string>;
  /** All that goes into it, by names that people understand: files by their paths. It tells what has changed. */
  readonly parts: Inputs;
}

/** What an image is to be called, by all that goes into it. `idOf` gives the id of a base image. */
export async function planBuild(
  work: Pick<ImageWork, 'task'>,
  service: ServiceModel,
  build: BuildModel,
  idOf: (reference: string) => Promise<Result<string>>,
): Promise<Result<PlannedBuild>> {
  const place = { service: service.name };
  const context = await readOrWhy(build);
  if (typeof context === 'string') {
    return failed({ kind: 'environment', message: `the build context of ${service.name}: ${context}`, place });
  }
  const further = await furtherInputs(build);
  if (typeof further === 'string') {
    return failed({ kind: 'environment', message: `the build context of ${service.name}: ${further}`, place });
  }
  const wanted = baseImages(context.dockerfileText, build.args).filter(
    (reference) => !(reference in build.additionalContexts),
  );
  const found = await Promise.all(wanted.map(async (reference) => ({ reference, id: await idOf(reference) })));
  const bases = new Map<string, string>();
  for (const { reference, id } of found) {
    if (!id.ok) return id;
    bases.set(reference, id.value);
  }
  const inputs = JSON.stringify([
    context.hash,
    build.target,
    sorted(build.args),
    [...bases.values()].sort(),
    // Only where there is any of it.
    ...further.options,
    ...(service.platform === null ? [] : [service.platform]),
  ]);
  const hash = sha256(inputs).slice(0, 16);
  const repository = `gym-${imageName(work.task)}-${imageName(service.name)}`;
  const parts = {
    ...further.contents,
    ...Object.fromEntries([...bases].map(([base, id]) => [`image ${base}`, id])),
    ...context.contents,
    ...(context.dockerfile in context.contents ? {} : { 'its Dockerfile': sha256(context.dockerfileText) }),
  };
  return ok({ context, repository, reference: `${repository}:${hash}`, bases, parts });
}

/** The context, or why it cannot be read: permissions, or files that change under it. */
function readOrWhy(build: BuildModel): Promise<BuildContext | string> {
  return readContext(build.context, build.dockerfile, build.dockerfileInline).catch((error: unknown) => String(error));
}

interface Further {
  readonly options: readonly unknown[];
  /** Of contexts with a name. */
  readonly contents: Inputs;
}

/** What else an image depends on; text: why it cannot be read. A secret is no part of it, as for BuildKit. */
async function furtherInputs(build: BuildModel): Promise<Further | string> {
  const contexts: [string, string][] = [];
  const contents: Record<string, string> = {};
  for (const [name, from] of sorted(build.additionalContexts)) {
    const read = isAbsolute(from) ? await readContext(from, from, '').catch((error: unknown) => String(error)) : from;
    if (typeof read === 'string' && isAbsolute(from)) return read;
    contexts.push([name, typeof read === 'string' ? read : read.hash]);
    const files = typeof read === 'string' ? {} : read.contents;
    for (const [path, content] of Object.entries(files)) contents[`${path} of ${name}`] = content;
  }
  const options = [contexts, sorted(build.labels), build.network, build.shmSizeBytes, build.extraHosts];
  const isAny = options.some((each) => each !== null && (!Array.isArray(each) || each.length > 0));
  return { options: isAny ? options : [], contents };
}

async function obtainBase(
  work: ImageWork,
  reference: string,
  place: Place,
  platform: string | null,
): Promise<Result<string>> {
  const obtained = await obtainImage(work, reference, place, { policy: 'missing', platform });
  return obtained.ok ? ok(obtained.value.id) : obtained;
}

interface BuildTarget {
  readonly repository: string;
  readonly reference: string;
  readonly platform: string | null;
}

/** Why it failed; `undefined`: it did not. BuildKit builds; an engine without it has no sessions (404) and builds in its own way. */
async function run(
  work: ImageWork,
  context: BuildContext,
  build: BuildModel,
  target: BuildTarget,
): Promise<string | undefined> {
  const first = await runWith(work, context, build, target, '2');
  const answer = !first.ok && first.status === 404 ? await runWith(work, context, build, target, '1') : first;
  if (work.signal.aborted) return 'it was interrupted';
  return answer.ok ? answer.value : answer.problems[0].message;
}

function runWith(
  { engine, emit, signal }: ImageWork,
  context: BuildContext,
  build: BuildModel,
  { repository, reference, platform }: BuildTarget,
  version: '1' | '2',
): Promise<Answer<string | undefined>> {
  const options = {
    t: reference,
    version,
    dockerfile: context.dockerfile,
    buildargs: build.args,
    labels: { ...build.labels, [label.image]: repository },
    rm: true,
    forcerm: true,
    ...(build.target !== null && { target: build.target }),
    ...(build.network !== null && { networkmode: build.network }),
    ...(build.shmSizeBytes !== null && { shmsize: build.shmSizeBytes }),
    ...(build.extraHosts[0] !== undefined && { extrahosts: build.extraHosts[0] }),
    ...(platform !== null && { platform }),
  };
  const drive = async (): Promise<string | undefined> => {
    // The engine would wait for the rest of what breaks off.
    const broken = new AbortController();
    const tar = tarOf(context, (why) => broken.abort(why));
    const abortSignal = AbortSignal.any([signal, broken.signal]);
    const progress = followBuild();
    try {
      const stream = await engine.docker.buildImage(tar, { ...options, abortSignal });
      for await (const chunk of stream) {
        for (const step of progress.take(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)) {
          emit({ type: 'noted', text: `build: ${step}` });
        }
      }
    } catch (error) {
      if (broken.signal.aborted) return `its context could not be sent: ${broken.signal.reason}`;
      throw error;
    }
    return progress.failure();
  };
  return engine.call('building', drive, buildLimitMs);
}

function sorted(args: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(args).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Letters, digits and single separators: what a repository's name may hold. */
function imageName(text: string): string {
  return (
    text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '') || 'x'
  );
}
