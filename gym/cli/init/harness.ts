import type { Problem } from '../../events/problem.ts';
import type { ResultFormat } from '../../task/result-format.ts';

/** A folder that is looked at. Nothing of it is run. */
export interface Repo {
  has(path: string): boolean;
  /** Text of a file; empty where it is not there. */
  text(path: string): string;
  /** Names in its top folder. */
  readonly names: readonly string[];
}

/** A stage as it will stand in the task file. */
export interface FoundStage {
  readonly name: string;
  readonly command: string;
  readonly results?: { readonly format: ResultFormat; readonly path: string };
}

/** The harness that a repo has in one language, and the image that runs it. */
export interface Harness {
  readonly language: string;
  /** What was seen, in the words of who wrote it: `package.json (npm, vitest)`. */
  readonly seen: string;
  /** The image's definition up to the source, line by line. */
  readonly dockerfile: readonly string[];
  readonly stages: readonly FoundStage[];
}

/** Where tools are told to write their results, in the container. */
export const resultsFile = (ending: string): string => `/tmp/gym-unit.${ending}`;

/** The first version number in a text: `>=3.11,<4` is `3.11`; `parts` of it at most. */
export function versionIn(text: string, parts: number): string | undefined {
  const [version] = /\d+(?:\.\d+)*/.exec(text) ?? [];
  return version?.split('.').slice(0, parts).join('.');
}

/** A file of a repo that cannot be read. */
export function brokenManifest(file: string, line: number, message: string): Problem {
  return { kind: 'usage', message, place: { file, line }, remedy: 'Nothing was written: mend it, then run it again.' };
}

/** `COPY` of those files that are there, so that what they ask for is installed again only when they change. */
export function copied(repo: Repo, files: readonly string[]): string[] {
  const there = files.filter((file) => repo.has(file));
  return there.length === 0 ? [] : [`COPY ${there.join(' ')} ./`];
}
