import { type ParseError, parseTree } from 'jsonc-parser';
import { z } from 'zod';
import { jsonErrorText } from '../../events/json-error.ts';
import type { Problem } from '../../events/problem.ts';
import { brokenManifest, copied, type FoundStage, type Harness, type Repo, resultsFile, versionIn } from './harness.ts';

const texts = z.record(z.string(), z.string()).default({}).catch({});
const manifestSchema = z.object({
  name: z.string().optional().catch(undefined),
  packageManager: z.string().optional().catch(undefined),
  engines: z.object({ node: z.string() }).optional().catch(undefined),
  scripts: texts,
  dependencies: texts,
  devDependencies: texts,
});
type Manifest = z.output<typeof manifestSchema>;

/** Why a `package.json` that is there cannot be read. */
export function manifestProblem(repo: Repo): Problem | undefined {
  const file = 'package.json';
  if (!repo.has(file)) return undefined;
  const text = repo.text(file);
  const errors: ParseError[] = [];
  parseTree(text, errors, { disallowComments: true });
  const [first] = errors;
  if (first === undefined) return undefined;
  const line = text.slice(0, first.offset).split('\n').length;
  return brokenManifest(file, line, jsonErrorText(first));
}

/** What a `package.json` says; `undefined`: there is none that can be read. */
export function manifestOf(repo: Repo): Manifest | undefined {
  if (!repo.has('package.json')) return undefined;
  try {
    return manifestSchema.parse(JSON.parse(repo.text('package.json')));
  } catch {
    return undefined;
  }
}

interface Manager {
  readonly name: 'npm' | 'pnpm' | 'yarn' | 'bun';
  readonly lock: string;
  /** Lines of an image that install what the lock file asks for. */
  readonly install: readonly string[];
  /** Runs a package's program. */
  readonly exec: string;
}

/** The latest Node.js that is kept up for years. */
const defaultNode = '24';

/** The harness of a Node.js repo: types, build and tests, by the runner that it uses. */
export function nodeHarness(repo: Repo): Harness | undefined {
  const manifest = manifestOf(repo);
  if (manifest === undefined) return undefined;
  const manager = managerOf(repo, manifest);
  const [runner, unit] = unitStage(manifest, manager) ?? [];
  if (unit === undefined) return undefined;
  const scripts = ['typecheck', 'type-check', 'types', 'build'].filter((name) => manifest.scripts[name] !== undefined);
  const stages = [...scripts.map((name) => ({ name, command: `${manager.name} run ${name}` })), unit];
  const packages = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
  const version = versionIn(repo.text('.nvmrc') || repo.text('.node-version') || (manifest.engines?.node ?? ''), 1);
  const base = manager.name === 'bun' ? 'oven/bun:1' : `node:${version ?? defaultNode}-bookworm-slim`;
  // Scripts that run with the installation may need any file.
  const isBare = !['preinstall', 'install', 'postinstall', 'prepare'].some((name) => name in manifest.scripts);
  const asked = ['package.json', manager.lock, '.npmrc', 'pnpm-workspace.yaml', '.yarnrc.yml'];
  const before = isBare ? copied(repo, asked) : ['COPY . .'];
  const install = packages.length === 0 ? [] : [...before, ...manager.install];
  return {
    language: 'node',
    seen: `package.json (${[manager.name, runner, ...scripts.map((name) => `script ${name}`)].join(', ')})`,
    dockerfile: [`FROM ${base}`, 'WORKDIR /workspace', ...install],
    stages,
  };
}

function managerOf(repo: Repo, { packageManager = '' }: Manifest): Manager {
  const [, named = '', version = ''] = /^(\w+)@([\d.]+)/.exec(packageManager) ?? [];
  const lockOf = (locks: readonly string[]): string | undefined => locks.find((lock) => repo.has(lock));
  const bun = lockOf(['bun.lock', 'bun.lockb']);
  if (named === 'pnpm' || repo.has('pnpm-lock.yaml')) {
    const pnpm = `npm install --global pnpm${version === '' ? '' : `@${version}`}`;
    const frozen = repo.has('pnpm-lock.yaml') ? ' --frozen-lockfile' : '';
    return {
      name: 'pnpm',
      lock: 'pnpm-lock.yaml',
      install: [`RUN ${pnpm} && pnpm install${frozen}`],
      exec: 'pnpm exec',
    };
  }
  if (named === 'yarn' || repo.has('yarn.lock')) {
    const modern = version !== '' && !version.startsWith('1.');
    // Its own program and plugins may be in the repo.
    const install = modern
      ? ['COPY . .', 'RUN corepack enable && yarn install --immutable']
      : ['RUN yarn install --frozen-lockfile'];
    return { name: 'yarn', lock: 'yarn.lock', install, exec: 'yarn' };
  }
  if (named === 'bun' || bun !== undefined)
    return { name: 'bun', lock: bun ?? 'bun.lock', install: ['RUN bun install --frozen-lockfile'], exec: 'bunx' };
  const install = repo.has('package-lock.json') ? 'npm ci' : 'npm install';
  return { name: 'npm', lock: 'package-lock.json', install: [`RUN ${install}`], exec: 'npx' };
}

const junit = { format: 'junit' as const, path: resultsFile('xml') };
const json = { format: 'jest' as const, path: resultsFile('json') };

interface Runner {
  readonly name: string;
  /** Its program, where a script does not run it. */
  readonly program: string;
  /** What has it report its cases. */
  readonly flags: string;
  readonly results: NonNullable<FoundStage['results']>;
}

const runners: readonly Runner[] = [
  {
    ...{ name: 'vitest', program: 'vitest run', results: junit },
    flags: `--reporter=default --reporter=junit --outputFile.junit=${junit.path}`,
  },
  { name: 'jest', program: 'jest', flags: `--json --outputFile=${json.path}`, results: json },
  { name: 'mocha', program: 'mocha', flags: `--reporter xunit --reporter-option output=${junit.path}`, results: junit },
];
/** Node's JUnit XML leaves out the failures of hooks. */
const tap = { format: 'tap' as const, path: resultsFile('tap') };
const nodeReporters = `--test-reporter=spec --test-reporter-destination=stdout --test-reporter=tap --test-reporter-destination=${tap.path}`;

/** The runner's name, and the stage that has it report its cases. What the script `test` runs goes before what is only installed. */
function unitStage(manifest: Manifest, { exec, name }: Manager): [string, FoundStage] | undefined {
  const script = manifest.scripts['test'] ?? '';
  const unit = (command: string, results: Runner['results']): FoundStage => ({ name: 'unit', command, results });
  const isRun = (tool: string): boolean => new RegExp(`(^|[\\s/])${tool}(\\s|$)`).test(script);
  const run = runners.find((runner) => isRun(runner.name));
  if (run === undefined && /\bnode\b.*--test\b/.test(script))
    return ['node:test', unit(script.replace('--test', `--test ${nodeReporters}`), tap)];
  if (run === undefined && name === 'bun' && /^bun test/.test(script))
    return ['bun test', unit(`${script} --reporter=junit --reporter-outfile=${junit.path}`, junit)];
  const runner = run ?? runners.find((each) => each.name in { ...manifest.dependencies, ...manifest.devDependencies });
  if (runner !== undefined) {
    // The script's own flags are kept where those that are added at its end reach the runner.
    const isLast = run !== undefined && !/[&|;]/.test(script.slice(script.lastIndexOf(runner.name)));
    const flags = name === 'npm' ? `-- ${runner.flags}` : runner.flags;
    const command = isLast ? `${name} run test ${flags}` : `${exec} ${runner.program} ${runner.flags}`;
    return [runner.name, unit(command, runner.results)];
  }
  if (script === '' || script.includes('no test specified')) return undefined;
  return ['script test', { name: 'unit', command: `${name} run test` }];
}
