import type { Engine } from '../engine.ts';
import { label } from '../labels.ts';

/** How many images of one service are kept: the branches and checkouts that take turns on a machine. */
const kept = 5;
/** One that was used so short before the newest may be about to become a container of another gym. */
const inUseMs = 10 * 60_000;

/**
 * Drops the images of a service that were not used for longest. One that a container uses stays: the engine refuses.
 * Failures do not matter here: the next build tries again.
 */
export async function pruneImages(engine: Engine, repository: string): Promise<void> {
  const filters = JSON.stringify({ label: [`${label.image}=${repository}`] });
  const listed = await engine.call('listing images', () => engine.docker.listImages({ filters }));
  if (!listed.ok) return;
  const images = await Promise.all(
    listed.value.map(async ({ Id, RepoTags }) => ({ tags: RepoTags ?? [], usedAt: await lastUse(engine, Id) })),
  );
  const tags = staleTags(repository, images);
  await Promise.all(tags.map((tag) => engine.call('dropping an image', () => engine.docker.getImage(tag).remove())));
}

/** An image of gym's that no build would miss. */
export interface StaleImage {
  /** Its tag, or its id where it has none any more. */
  readonly reference: string;
  readonly id: string;
}

/** Of every service: all images but the most recently used ones, and those whose tag went to another. */
export async function findStaleImages(engine: Engine): Promise<readonly StaleImage[]> {
  const filters = JSON.stringify({ label: [label.image] });
  const listed = await engine.call('listing images', () => engine.docker.listImages({ filters }));
  if (!listed.ok) return [];
  const images = await Promise.all(
    listed.value.map(async ({ Id: id, RepoTags, Labels }) => ({
      id,
      repository: Labels?.[label.image] ?? '',
      tags: (RepoTags ?? []).filter((tag) => tag !== '<none>:<none>'),
      usedAt: await lastUse(engine, id),
    })),
  );
  const tagged = [...Map.groupBy(images, ({ repository }) => repository)].flatMap(([repository, members]) => {
    const stale = new Set(staleTags(repository, members));
    return members.flatMap(({ id, tags }) =>
      tags.filter((tag) => stale.has(tag)).map((reference) => ({ reference, id })),
    );
  });
  const untagged = images.filter(
    ({ tags, usedAt }) => tags.length === 0 && usedAt > 0 && Date.now() - usedAt > inUseMs,
  );
  return [...tagged, ...untagged.map(({ id }) => ({ reference: id, id }))];
}

/** An image with its tags and the time when it was used last, in epoch milliseconds; 0: unknown. */
export interface UsedImage {
  readonly tags: readonly string[];
  readonly usedAt: number;
}

/** The repository's tags of all images but the most recently used ones. */
export function staleTags(repository: string, images: readonly UsedImage[]): readonly string[] {
  const byUse = images.filter(({ usedAt }) => usedAt > 0).sort((a, b) => b.usedAt - a.usedAt);
  const newest = byUse[0]?.usedAt ?? 0;
  return byUse
    .slice(kept)
    .filter((image) => newest - image.usedAt > inUseMs)
    .flatMap((image) => image.tags.filter((tag) => tag.startsWith(`${repository}:`)));
}

/** Notes that an image is used. False: it is no longer there. */
export async function touchImage(engine: Engine, reference: string): Promise<boolean> {
  const [repo = '', tag = ''] = reference.split(':');
  const tagged = await engine.call('tagging an image', () => engine.docker.getImage(reference).tag({ repo, tag }));
  return tagged.ok || tagged.status !== 404;
}

/**
 * When it was tagged last: by its build, or by `touchImage`; 0: unknown. An image's own date does not tell: one that comes
 * from the build cache has the date of the first build.
 */
async function lastUse(engine: Engine, id: string): Promise<number> {
  const inspected = await engine.call('looking at an image', () => engine.docker.getImage(id).inspect());
  // The engine's API has had it since 1.36; the types do not.
  const metadata: unknown = inspected.ok ? Reflect.get(inspected.value, 'Metadata') : undefined;
  const tagged: unknown = typeof metadata === 'object' && metadata !== null ? Reflect.get(metadata, 'LastTagTime') : '';
  return Date.parse(String(tagged)) || 0;
}
