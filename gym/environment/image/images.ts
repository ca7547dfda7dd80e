import { ok, type Result } from '../../events/problem.ts';
import { sha256 } from '../../store/sha256.ts';
import type { BuildModel, ComposeModel, ServiceModel } from '../compose/model.ts';
import { buildImage } from './build.ts';
import { obtainImage, type Wanted } from './pull.ts';
import type { ImageWork, ReadyImage } from './ready.ts';

/** Makes the images of all services ready, each once. Gives them by service. */
export async function prepareImages(
  work: ImageWork,
  model: ComposeModel,
): Promise<Result<ReadonlyMap<string, ReadyImage>>> {
  const builds = new Map<string, ServiceModel & { build: BuildModel }>();
  for (const service of model.services.values()) {
    // A service may use by name the image that another one builds.
    const build = service.build;
    if (build !== null) builds.set(service.image ?? `build of ${service.name}`, { ...service, build });
  }
  const shared = new Map<string, Promise<Result<ReadyImage>>>();
  const once = (key: string, make: () => Promise<Result<ReadyImage>>): Promise<Result<ReadyImage>> => {
    const made = shared.get(key) ?? make();
    shared.set(key, made);
    return made;
  };
  const ready = async (service: ServiceModel): Promise<Result<ReadyImage>> => {
    const startedAt = performance.now();
    const built = builds.get(service.image ?? `build of ${service.name}`);
    const result =
      built === undefined
        ? await once(`image ${service.image} ${service.pullPolicy} ${service.platform}`, () =>
            obtainImage(work, service.image ?? '', { service: service.name }, wantedOf(service)),
          )
        : await once(buildKey(built), () => buildImage(work, built, built.build, model.secrets));
    if (result.ok) {
      const durationMs = performance.now() - startedAt;
      work.emit({
        type: 'image.ready',
        service: service.name,
        image: result.value.reference,
        how: result.value.how,
        durationMs,
      });
    }
    return result;
  };
  const results = await Promise.all(
    [...model.services.values()].map(async (service) => [service.name, await ready(service)] as const),
  );
  const images = new Map<string, ReadyImage>();
  for (const [name, result] of results) {
    if (!result.ok) return result;
    images.set(name, result.value);
  }
  return ok(images);
}

function wantedOf({ pullPolicy, platform }: ServiceModel): Wanted {
  return { policy: pullPolicy === 'always' || pullPolicy === 'never' ? pullPolicy : 'missing', platform };
}

function buildKey({ build, platform }: ServiceModel): string {
  return sha256(JSON.stringify([build, platform]));
}
