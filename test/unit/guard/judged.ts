import type { GuardedStage } from '../../../gym/guard/guard.ts';
import { alsoNeeded, judgeGuards } from '../../../gym/guard/guards.ts';
import { readTests } from '../../../gym/guard/tests/read.ts';
import { type GuardName, guardsSchema } from '../../../gym/task/guards.ts';
import type { CheckResult } from '../../../gym/task/judgement.ts';
import type { TaskInput } from '../../../gym/task/schema.ts';
import { type Changes, changesSince } from '../../../gym/workspace/changes.ts';
import { findCommit } from '../../../gym/workspace/commit.ts';
import { temporaryFolder } from '../../support/repository.ts';

/** Contents by path; what is not in it is not there. */
export type Files = Readonly<Record<string, string>>;

/** What the task says, and what ran. */
interface Circumstances {
  readonly settings?: TaskInput['guards'];
  readonly stages?: readonly GuardedStage[];
}

type Judged = Partial<Record<GuardName, CheckResult>>;

/** What the guards say of a change, by name. */
export function judged(before: Files, after: Files, circumstances: Circumstances = {}): Judged {
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const state = (content: string | undefined) => {
    if (content === undefined) return undefined;
    const isBinary = content.includes('\0');
    return { bytes: Buffer.byteLength(content), text: isBinary ? undefined : content, isBinary };
  };
  const files = paths
    .filter((path) => before[path] !== after[path])
    .map((path) => ({ path, before: state(before[path]), after: state(after[path]) }));
  return judgedOf({ tree: '', files, others: new Map(Object.entries(after)) }, circumstances);
}

/** The same with a commit and a folder. */
export async function judgedInGit(before: Files, after: Files, circumstances: Circumstances = {}): Promise<Judged> {
  using repository = temporaryFolder();
  using snapshot = temporaryFolder();
  repository.git('init', '-q', '-b', 'main');
  for (const [path, content] of Object.entries(before)) repository.write(path, content);
  repository.git('add', '-A');
  repository.git('commit', '-qm', 'first', '--allow-empty');
  for (const [path, content] of Object.entries(after)) snapshot.write(path, content);
  const commit = await findCommit(repository.path, 'main');
  if (!commit.ok) throw new Error(commit.problems[0].message);
  const read = { mayLack: () => false, alsoRead: alsoNeeded };
  const changes = await changesSince({ commit: commit.value, directory: snapshot.path, accepted: [], ...read });
  if (!changes.ok) throw new Error(changes.problems[0].message);
  return judgedOf(changes.value, circumstances);
}

function judgedOf({ files, others }: Changes, { settings, stages = [] }: Circumstances): Judged {
  const guarded = {
    ...{ changes: files, others, stages, stagesWithResults: 1 },
    ...{ tests: readTests(files), settings: guardsSchema.parse(settings ?? {}) },
  };
  const checks = judgeGuards(guarded, 'gym verify');
  return Object.fromEntries(checks.map((check) => [check.name.replace('guard-', ''), check]));
}
