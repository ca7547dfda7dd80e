import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '../events/problem.ts';
import { displayPath } from '../task/display-path.ts';

/** What a `.env` says fills in `${NAME}` whether git sees it or not. */
const remedy = 'Let git see it. A .env beside the Compose file fills ${NAME} in all the same.';

/** A file of variables is mostly ignored because of what is secret in it. */
const remedyOfVariables =
  'Name an example file that git sees; or set required: false, and write under environment what is needed, as NAME: ${NAME}, which your environment or a .env beside the Compose file fills in. Commit no secrets.';

/**
 * Problems of a snapshot, or of the workspace itself, as they concern the workspace: whoever reads them has the files there, and the snapshot is gone by
 * then; paths are as they would be typed. A file that is in one of the `originals` but not in the snapshot is told as what it is: ignored by git.
 */
export function asInWorkspace(
  problems: readonly [Problem, ...Problem[]],
  snapshot: string,
  originals: readonly [workspace: string, ...others: string[]],
): [Problem, ...Problem[]] {
  const [first, ...others] = problems;
  const translate = (problem: Problem): Problem => translated(problem, snapshot, originals);
  return [translate(first), ...others.map(translate)];
}

function translated(problem: Problem, snapshot: string, originals: readonly [string, ...string[]]): Problem {
  const [workspace] = originals;
  const [before = '', ...pieces] = problem.message.split(`${snapshot}/`);
  const named = pieces.map((piece) => ({ piece, path: pathAt(piece) }));
  const message = named.map(({ piece, path }) => displayPath(join(workspace, path)) + piece.slice(path.length));
  const isIgnored = named.some(
    ({ path }) => !existsSync(join(snapshot, path)) && originals.some((folder) => existsSync(join(folder, path))),
  );
  const why = isIgnored ? ' in the snapshot that is judged: git ignores it' : '';
  const file = problem.place?.file;
  const isInside = file?.startsWith(`${snapshot}/`) === true;
  return {
    ...problem,
    message: `${before}${message.join('')}${why}`,
    ...(isInside && { place: { ...problem.place, file: displayPath(join(workspace, file.slice(snapshot.length))) } }),
    ...(isIgnored && { remedy: problem.message.startsWith('env_file: ') ? remedyOfVariables : remedy }),
  };
}

/** A path ends where a message goes on: at a blank, a quote, or a colon. */
function pathAt(text: string): string {
  return text.split(/[\s:,'"`]/)[0] ?? '';
}
