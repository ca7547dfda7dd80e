import { join } from 'node:path';
import { loadCompose } from '../environment/compose/load.ts';
import { failed, ok, type Result } from '../events/problem.ts';
import type { Task } from '../task/schema.ts';
import { type Move, movedTests } from '../workspace/moves.ts';
import type { SnapshotPlace } from '../workspace/place.ts';
import { environmentFiles, type Protection, protectionOf } from '../workspace/protection.ts';
import { type Snapshot, takeSnapshot } from '../workspace/snapshot.ts';
import { composeMismatches } from './definition.ts';
import { asInWorkspace } from './places.ts';
import type { VerifyRequest } from './request.ts';
import { snapshotVariables } from './variables.ts';
import { waysOut } from './within.ts';

type Variables = VerifyRequest['environmentVariables'];

/** What is protected of a task whose environment is defined in a folder; its Compose files may not load, then it is less. */
export function protectionIn(task: Task, folder: string, ambient: Variables): Protection {
  return protectionOf(task, filesIn(task, folder, ambient));
}

/** What a task's Compose files come to in a folder. */
export function modelIn(task: Task, folder: string, ambient: Variables): ReturnType<typeof loadCompose> {
  const files = task.compose.map((file) => join(folder, file));
  return loadCompose(files, snapshotVariables(task, folder, ambient), ambient);
}

/** What a snapshot is taken of, and by what it is judged. */
export type SnapshotAsk = Pick<VerifyRequest, 'task' | 'workspace' | 'files' | 'baseline' | 'environmentVariables'>;
type Place = Pick<SnapshotPlace, 'directory' | 'memoryFile'>;

/** A snapshot, and what of it is protected. */
export interface Protected {
  readonly snapshot: Snapshot;
  readonly protection: Protection;
  /** Tests that the workspace has elsewhere than the baseline, judged as they are: see `movedTests`. */
  readonly moves: readonly Move[];
}

/**
 * Takes the snapshot that is judged. Which files define the environment is told by the baseline's Compose files, and these are only there once they are laid
 * over the workspace's: where they name further files, the snapshot is taken again with those protected too.
 *
 *     workspace's definition -> snapshot --nothing restored, or no further files--> done
 *                                  ^  '--further files--.
 *                                  '--------------------'
 */
export async function takeProtected(request: SnapshotAsk, place: Place): Promise<Result<Protected>> {
  const { task, workspace, files, baseline, environmentVariables } = request;
  const { directory, memoryFile } = place;
  let environment = filesIn(task, files ?? workspace, environmentVariables);
  for (;;) {
    const protection = protectionOf(task, environment);
    const snapshot = await takeSnapshot({ workspace, files, baseline, protection, directory, memoryFile });
    if (!snapshot.ok) return snapshot;
    const further = filesIn(task, directory, environmentVariables).filter((path) => !environment.includes(path));
    if (snapshot.value.restored.length === 0 || further.length === 0)
      return withMoves(request, place, { snapshot: snapshot.value, protection, moves: [] });
    environment = [...environment, ...further];
  }
}

function filesIn(task: Task, folder: string, ambient: Variables): readonly string[] {
  const model = modelIn(task, folder, ambient);
  return model.ok ? environmentFiles(model.value, folder) : [];
}

/** The snapshot with tests where the workspace has moved them to, if that is all that was done to them. */
async function withMoves(
  { task, workspace, files, baseline }: SnapshotAsk,
  { directory, memoryFile }: Place,
  taken: Protected,
): Promise<Result<Protected>> {
  const { snapshot, protection } = taken;
  if (baseline?.commit === undefined) return ok(taken);
  const moves = await movedTests({ task, workspace: files ?? workspace, baseline }, snapshot.restored);
  if (!moves.ok || moves.value.length === 0) return moves.ok ? ok(taken) : moves;
  const moved = new Set(moves.value.flatMap(({ from, to }) => [from, to]));
  const others = { ...protection, covers: (path: string) => protection.covers(path) && !moved.has(path) };
  const again = await takeSnapshot({ workspace, files, baseline, protection: others, directory, memoryFile });
  return again.ok ? ok({ snapshot: again.value, protection, moves: moves.value }) : again;
}

/** Problems of a task with the Compose files of its snapshot, and ways by which something else than that would be judged. */
export function checkSnapshot(
  { task, workspace, environmentVariables }: VerifyRequest,
  directory: string,
): Result<void> {
  const model = modelIn(task, directory, environmentVariables);
  if (!model.ok) return failed(...asInWorkspace(model.problems, directory, [workspace, task.root]));
  const mismatches = composeMismatches(task, model.value);
  const [first, ...others] = [
    ...mismatches,
    ...waysOut({ task, model: model.value, directory, live: [workspace, task.root] }),
  ];
  return first === undefined ? ok(undefined) : failed(first, ...others);
}
