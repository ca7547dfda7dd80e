import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { openTask } from '../../api/tasks.ts';
import { loadCompose } from '../../environment/compose/load.ts';
import type { Problem } from '../../events/problem.ts';
import { asInWorkspace } from '../../verify/places.ts';
import { runGit } from '../../workspace/git.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { composeText, type OwnCompose, ownCompose, serviceNames } from '../init/compose.ts';
import type { Harness, Repo } from '../init/harness.ts';
import { manifestOf, manifestProblem, nodeHarness } from '../init/node.ts';
import { makeHarness, otherHarnesses } from '../init/others.ts';
import { pyprojectOf, pyprojectProblem, pythonHarness } from '../init/python.ts';
import { instructionText, taskName, taskText } from '../init/task-file.ts';

const instruction: string = 'TASK.md';

/** `gym init`: reads what a repo has, and writes a first task for it. What is there is overwritten only with `--force`. */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  const { cwd, stdout } = context;
  const repo = repoIn(cwd);
  const unread = manifestProblem(repo) ?? pyprojectProblem(repo);
  if (unread !== undefined) return [unread];
  const harnesses = harnessesOf(repo);
  const own = ownCompose(repo);
  if (harnesses.length === 0) return [nothingFound(own)];
  const files = filesOf(repo, basename(cwd), harnesses, own);
  const there = Object.keys(files).filter((name) => repo.has(name));
  const force = args.flag('force');
  if (there.length > 0 && !force) return [alreadyThere(there)];
  const model = own && loadCompose(join(cwd, own.file), {}, context.env);
  if (model?.ok === false) return asInWorkspace(model.problems, cwd, [cwd]);
  // What a person has written there is not made anew.
  const kept = there.filter((name) => name === instruction);
  const written = Object.entries(files).filter(([name]) => !kept.includes(name));
  for (const [name, text] of written) writeFileSync(join(cwd, name), text);
  const found = [...harnesses.map(({ seen }) => seen), ...(own === undefined ? [] : [composeSeen(own)])];
  stdout.write(`found  ${found.join('; ')}\n`);
  stdout.write(
    `wrote  ${written.map(([name]) => name).join(', ')}${kept.length > 0 ? `; kept ${kept.join(', ')}` : ''}\n`,
  );
  const task = await openTask(join(cwd, 'task.ts'), context);
  if (!task.ok) return task.problems;
  const ignored = await ignoredBy(cwd, own?.envFiles ?? []);
  if (ignored.length > 0) stdout.write(`but    ${ignoredText(ignored)}\n`);
  stdout.write('next   say in TASK.md what is to be done; gym verify\n');
  return 0;
}

function repoIn(folder: string): Repo {
  const has = (path: string): boolean => existsSync(join(folder, path));
  return {
    has,
    text: (path) => (has(path) ? readFileSync(join(folder, path), 'utf8') : ''),
    names: readdirSync(folder).sort(),
  };
}

function harnessesOf(repo: Repo): Harness[] {
  const found = [nodeHarness, pythonHarness, ...otherHarnesses].flatMap((look) => look(repo) ?? []);
  return found.length > 0 ? found : [makeHarness(repo)].flatMap((harness) => harness ?? []);
}

/** The files of the task by name. */
function filesOf(
  repo: Repo,
  folder: string,
  harnesses: readonly Harness[],
  own: OwnCompose | undefined,
): Readonly<Record<string, string>> {
  const manifest = manifestOf(repo);
  const name = taskName(manifest?.name ?? pyprojectOf(repo).project?.name ?? folder);
  const composeFile = own === undefined ? 'compose.yaml' : 'compose.gym.yaml';
  const isCompiled =
    repo.has('tsconfig.json') &&
    !/"(?:include|files)"\s*:/.test(repo.text('tsconfig.json')) &&
    !('devgym' in { ...manifest?.dependencies, ...manifest?.devDependencies });
  const task = taskText({
    name,
    compose: own === undefined ? [composeFile] : [own.file, composeFile],
    harnesses,
    services: serviceNames(harnesses, own),
    isCompiled,
  });
  return { 'task.ts': task, [instruction]: instructionText(name), [composeFile]: composeText(harnesses, own) };
}

const composeSeen = ({ file, services }: OwnCompose): string =>
  services.length === 0 ? file : `${file} (${services.join(', ')})`;

/** Those of some files that git ignores; none without git. */
async function ignoredBy(folder: string, files: readonly string[]): Promise<string[]> {
  if (files.length === 0) return [];
  const { stdout } = await runGit(['check-ignore', '--stdin', '-z'], { cwd: folder, input: files.join('\0') });
  return stdout.split('\0').filter((path) => path !== '');
}

function ignoredText(files: readonly string[]): string {
  const names = files.join(', ');
  return `git ignores ${names}, which env_file names, so what is judged is without ${files.length === 1 ? 'it' : 'them'}, and gym verify fails.
       Name an example file that git sees; or set required: false, and write under environment
       what is needed, as NAME: \${NAME}, which your environment or .env fills in. Then gym init --force`;
}

function alreadyThere(names: readonly string[]): Problem {
  const remedy = `Nothing was written. --force writes them anew, but for ${instruction}.`;
  return { kind: 'usage', message: `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} there already`, remedy };
}

function nothingFound(own: OwnCompose | undefined): Problem {
  const found =
    own === undefined ? 'nothing that tells how this is tested' : `${composeSeen(own)}, but not how it is tested`;
  const looked =
    'package.json with tests, pyproject.toml, requirements.txt, go.mod, Cargo.toml, Gemfile, *.csproj, pom.xml, build.gradle, or a Makefile with a target test';
  const remedy = `gym init looks for ${looked}. Write task.ts by hand (docs/getting-started.md), or copy an example: docs/gallery.`;
  return { kind: 'usage', message: `there is ${found} here`, remedy };
}
