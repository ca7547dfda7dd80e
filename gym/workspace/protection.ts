import { isAbsolute, relative, sep } from 'node:path';
import type { ComposeModel } from '../environment/compose/model.ts';
import { importsOf } from '../task/modules.ts';
import type { Task } from '../task/schema.ts';
import { isTest, isTestSetting, runByStages } from './harness.ts';
import { ancestorsOf, matchesAny, shadows } from './paths.ts';

/** Which files of a workspace judge it, so that they are taken from the baseline. Paths are relative to the task's folder. */
export interface Protection {
  covers(path: string): boolean;
  /** Whether the workspace may have a file that is covered and that the baseline does not have: a new test, which takes nothing from the others. */
  mayAdd(path: string): boolean;
  /** What is covered, in a few words. */
  readonly words: readonly string[];
}

/**
 * What is protected of a task: its file and what that imports, what is held out, and what could stand in for programs of npm, always. Then what the task says: all that matches `protected`; where it
 * has `edit`, all that does not match that; where it has only `protected`, the environment's definition besides; and where it has neither, the
 * environment's definition and the harness.
 *
 * `environment`: files that define it (`environmentFiles`), where they are known.
 */
export function protectionOf(task: Task, environment: readonly string[] = []): Protection {
  const { edit, protected: globs, compose } = task;
  const inside = (file: string): string => relative(task.root, file).replaceAll(sep, '/');
  const own = new Set([inside(task.file), ...importsOf(task.file).map(inside)].map(plain));
  const defining = new Set([...compose, ...environment].map(plain));
  const named = [...globs, ...(task.heldOut?.files ?? [])];
  const isNamed = (path: string): boolean =>
    own.has(path) || shadows(path) || (named.length > 0 && matchesAny(path, named));
  if (edit.length > 0) {
    return {
      covers: (path) => isNamed(path) || !matchesAny(path, edit),
      mayAdd: () => false,
      words: ['all files', `but ${edit.join(', ')}`],
    };
  }
  const isDefinition = (path: string): boolean =>
    isNamed(path) || defining.has(path) || ancestorsOf(path).some((folder) => defining.has(folder));
  const words = [...own, ...defining].filter((path) => !isOutside(path)).sort();
  if (globs.length > 0) return { covers: isDefinition, mayAdd: () => false, words: [...new Set([...globs, ...words])] };
  const isRun = runByStages(task);
  const isFixed = (path: string): boolean => isDefinition(path) || isTestSetting(path) || isRun(path);
  return {
    covers: (path) => isFixed(path) || isTest(path),
    mayAdd: (path) => !isFixed(path),
    words: [...words, 'the tests that are there, their settings, and what the stages run'],
  };
}

const plain = (path: string): string => path.replace(/^\.\//, '');

const isOutside = (path: string): boolean => path.startsWith('../') || isAbsolute(path);

/** Where settings and first data of services are mounted. */
const settingTargets = /^\/(etc|docker-entrypoint-initdb\.d)(\/|$)/;
const settingFiles =
  /\.(conf|cnf|cfg|ini|ya?ml|toml|json|xml|properties|env|sql|csv|tsv|ndjson|pem|crt|key|lua|vcl|tmpl|template)$/i;

/**
 * Files that define an environment, relative to a folder: what its model was read from, Dockerfiles with what they leave out, files of secrets and
 * configs, and what is mounted as settings or first data: at `/etc` or `/docker-entrypoint-initdb.d`, or read-only with the ending of such a file. A
 * folder stands for itself and has to be looked into.
 */
export function environmentFiles(model: ComposeModel, folder: string): string[] {
  const services = [...model.services.values()];
  const built = services.flatMap(({ build }) =>
    build === null ? [] : [build.dockerfile, `${build.dockerfile}.dockerignore`, `${build.context}/.dockerignore`],
  );
  const stores = [...model.secrets.values(), ...model.configs.values()].flatMap(({ from }) =>
    from.kind === 'file' ? [from.file] : [],
  );
  const mounted = services.flatMap(({ mounts }) =>
    mounts.flatMap((mount) =>
      mount.kind === 'bind' &&
      (settingTargets.test(mount.target) || (mount.readOnly && settingFiles.test(mount.source)))
        ? [mount.source]
        : [],
    ),
  );
  const files = [...model.files, ...built, ...stores, ...mounted].map((file) =>
    relative(folder, file).replaceAll(sep, '/'),
  );
  return [...new Set(files)].filter((path) => path !== '' && !isOutside(path)).sort();
}
