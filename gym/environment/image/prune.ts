import type { Engine } from '../engine.ts';
import { label } from '../labels.ts';

/** How many images of one service are kept: the branches and checkouts that take turns on a machine. */
const kept = 5;

/**
 * Drops the older images of a service. One that a container uses stays: the engine refuses. Failures do not matter here:
 * the next build tries again.
 */
export async function pruneImages(engine: Engine, repository: string): Promise<void> {
  const filters = JSON.stringify({ label: [`${label.image}=${repository}`] });
  const listed = await engine.call('listing images', () => engine.docker.listImages({ filters }));
  if (!listed.ok) return;
  const older = listed.value.toSorted((a, b) => b.Created - a.Created).slice(kept);
  const tags = older.flatMap((image) => (image.RepoTags ?? []).filter((tag) => tag.startsWith(`${repository}:`)));
  await Promise.all(tags.map((tag) => engine.call('dropping an image', () => engine.docker.getImage(tag).remove())));
}
