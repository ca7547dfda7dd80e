// Makes dist/: the program, the public API and its types.
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import { type OutputChunk, type OutputOptions, type Plugin, type RolldownBuild, rolldown } from 'rolldown';
import { type ESTree, parseSync, Visitor } from 'rolldown/utils';

const root = resolve(import.meta.dirname, '..');
const dist = `${root}/dist`;
const elements = 'mutation-test-elements.js';
const startedAt = new Date();
/** What a start needs in any case, and what answers `gym verify` where nothing has changed: a few files that load at once. */
const first = ['gym/main.ts', 'gym/cli/commands/verify-known.ts', 'gym/cli/render/person.ts'];

try {
  await mkdir(dist, { recursive: true });
  const [files] = await Promise.all([bundleAll(), declareTypes()]);
  // The stamp bears the time of the start: a source file that changed while the build ran is newer and asks for another. Its text tells builds apart.
  await writeFile(`${dist}/.stamp`, await hashOf(files));
  await utimes(`${dist}/.stamp`, startedAt, startedAt);
} catch (error) {
  // Broken source is no bug of the build: the place that the bundler or the compiler names is all there is to say.
  console.error(stripVTControlCharacters(error instanceof Error ? error.message : String(error)));
  process.exitCode = 1;
}

/** Gives the files made. */
async function bundleAll(): Promise<string[]> {
  const files = (await Promise.all([bundleFirst().then(bundleRest), bundleLoad(), copyElements()])).flat(2);
  await chmod(`${dist}/gym.js`, 0o755);
  await removeStale(new Set(files));
  return files.sort();
}

async function hashOf(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(file).update(await readFile(`${dist}/${file}`));
  return hash.digest('hex');
}

/** What shows the page of `gym prove --html`, which needs nothing else. */
async function copyElements(): Promise<string[]> {
  await copyFile(`${root}/node_modules/mutation-testing-elements/dist/${elements}`, `${dist}/${elements}`);
  return [elements];
}

/** The load generator goes into a container by itself: one file, with the npm packages that it needs. Gives the files made. */
async function bundleLoad(): Promise<string[]> {
  const build = await rolldown({
    cwd: root,
    input: { load: './gym/load/program.ts' },
    platform: 'node',
    transform: { target: 'node24' },
    // The histograms' package looks for zlib that way where it is bundled for browsers.
    checks: { eval: false },
  });
  const { output } = await build.write({
    dir: dist,
    format: 'esm',
    codeSplitting: false,
    minify: true,
    postBanner:
      '// Holds undici, zod, hdr-histogram-js, base64-js, pako and @assemblyscript/loader; their licences are in their packages.',
  });
  await build.close();
  return output.map((file) => file.fileName);
}

interface First {
  readonly files: readonly string[];
  /** Modules that it loads when it needs them, by the names that they have among the chunks. */
  readonly later: Readonly<Record<string, string>>;
}

/**
 * Bundles what comes first by itself, so that of a module only what is used there is in it: to load zod, and to make schemas that are asked nothing, takes
 * as long as the answer.
 */
async function bundleFirst(): Promise<First> {
  const later: Record<string, string> = {};
  const schemas = schemaNames();
  const leaveOut: Plugin = {
    name: 'leave-out',
    resolveId(specifier, importer, { kind }) {
      if (importer === undefined || kind !== 'dynamic-import' || !specifier.startsWith('.')) return null;
      const module = relative(root, resolve(importer, '..', specifier));
      if (first.includes(module)) return null;
      const name = module.replace(/\.tsx?$/, '').replaceAll('/', '.');
      later[name] = `./${module}`;
      return { id: `./chunks/${name}.js`, external: true };
    },
  };
  const build = await rolldown({
    cwd: root,
    input: { gym: './gym/gym.ts' },
    platform: 'node',
    external: /^(?!std-env$)[^./]/,
    plugins: [leaveOut],
    transform: { target: 'node24' },
    treeshake: { moduleSideEffects: false, manualPureFunctions: ['z', ...schemas] },
  });
  const output = await write(build, { chunkFileNames: '[name].js', postBanner: holding('std-env') });
  const dropped = output.flatMap(({ moduleIds }) => moduleIds.flatMap((id) => callsOf(schemas, id)));
  if (dropped.length > 0)
    throw new Error(`a call would be left out, as if it were a schema's: ${dropped.join(', ')}; give it another name`);
  const withZod = output.find(({ code }) => /\b(?:from|import) "zod/.test(code));
  if (withZod !== undefined)
    throw new Error(`dist/${withZod.fileName} has to do without zod, which takes too long to load`);
  return { files: output.map(({ fileName }) => fileName), later };
}

/**
 * Bundles the rest by dynamic import, so that no command loads what it does not need. npm packages stay outside, but for zod: all of gym uses it, and
 * what it does not use of it takes as long to load as a command. Gives the files made.
 */
async function bundleRest({ files, later }: First): Promise<string[]> {
  const build = await rolldown({
    cwd: root,
    input: {
      ...later,
      index: './gym/index.ts',
      reaper: './gym/fault/reaper.ts',
      // Goes into a container by itself, so it has to be one file.
      'fault-proxy': './gym/fault/proxy/program.ts',
    },
    platform: 'node',
    external: /^(?!zod$)[^./]/,
    transform: { target: 'node24' },
  });
  const output = await write(build, {
    entryFileNames: ({ name }) => (name in later ? 'chunks/[name].js' : '[name].js'),
    postBanner: holding('zod'),
    chunkFileNames: 'chunks/[name]-[hash].js',
    hashCharacters: 'hex',
  });
  return [...files, ...output.map(({ fileName }) => fileName)];
}

/** What a chunk says at its top of a package that is in it. */
function holding(name: string): (chunk: { readonly moduleIds: readonly string[] }) => string {
  const isIn = (id: string): boolean => id.includes(`/node_modules/${name}/`);
  return ({ moduleIds }) => (moduleIds.some(isIn) ? `// Holds ${name}; its licence is in its package.` : '');
}

/** Names of schemas: what is made of one by a method does nothing else either. */
function schemaNames(): string[] {
  const sources = globSync('gym/**/*.ts', { cwd: root }).map((file) => readFileSync(`${root}/${file}`, 'utf8'));
  return sources.flatMap((source) =>
    [...source.matchAll(/^(?:export )?const (\w+) = z\b/gm)].map(([, name = '']) => name),
  );
}

/** Statements of a module of gym that call something by one of these names, for the bundler goes by names alone: `file: name`. */
function callsOf(names: readonly string[], module: string): string[] {
  if (!module.startsWith(`${root}/gym/`)) return [];
  const found: string[] = [];
  const { program } = parseSync(module, readFileSync(module, 'utf8'));
  new Visitor({
    ExpressionStatement({ expression }) {
      const name = calledBy(expression.type === 'AwaitExpression' ? expression.argument : expression);
      if (name !== undefined && names.includes(name)) found.push(`${relative(root, module)}: ${name}`);
    },
  }).visit(program);
  return found;
}

/** The name that a call begins with: `head` of `head.of(1).parse(2)`. */
function calledBy(expression: ESTree.Expression | ESTree.Super): string | undefined {
  if (expression.type === 'CallExpression') return calledBy(expression.callee);
  if (expression.type === 'MemberExpression') return calledBy(expression.object);
  return expression.type === 'Identifier' ? expression.name : undefined;
}

async function write(build: RolldownBuild, options: OutputOptions): Promise<OutputChunk[]> {
  const { output } = await build.write({ dir: dist, format: 'esm', ...options });
  await build.close();
  return output.filter((file) => file.type === 'chunk');
}

/** Removes the code of earlier builds, which would else go into the package. */
async function removeStale(built: ReadonlySet<string>): Promise<void> {
  const files = await readdir(dist, { recursive: true });
  const stale = files.filter((file) => file.endsWith('.js') && !built.has(file));
  await Promise.all(stale.map((file) => rm(`${dist}/${file}`, { force: true })));
}

/** Writes the declarations without checking them again: `npm run check` does that. */
async function declareTypes(): Promise<void> {
  await rm(`${dist}/types`, { recursive: true, force: true });
  await execa({ cwd: root, preferLocal: true, localDir: root })`tsc -p scripts/tsconfig.types.json`;
  // The compiler mirrors the source tree; the package names one file.
  await writeFile(`${dist}/types/index.d.ts`, "export * from './gym/index.js';\n");
}
