// Makes dist/: the program, the public API and its types.
import { chmod, copyFile, mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import { rolldown } from 'rolldown';

const root = `${import.meta.dirname}/..`;
const dist = `${root}/dist`;
const elements = 'mutation-test-elements.js';
const startedAt = new Date();

try {
  await mkdir(dist, { recursive: true });
  await Promise.all([bundleAll(), declareTypes()]);
  // The stamp bears the time of the start: a source file that changed while the build ran is newer and asks for another.
  await writeFile(`${dist}/.stamp`, '');
  await utimes(`${dist}/.stamp`, startedAt, startedAt);
} catch (error) {
  // Broken source is no bug of the build: the place that the bundler or the compiler names is all there is to say.
  console.error(stripVTControlCharacters(error instanceof Error ? error.message : String(error)));
  process.exitCode = 1;
}

async function bundleAll(): Promise<void> {
  const files = await Promise.all([bundle(), bundleLoad(), copyElements()]);
  await chmod(`${dist}/gym.js`, 0o755);
  await removeStale(new Set(files.flat()));
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

/**
 * Bundles by dynamic import, so that no command loads what it does not need. npm packages stay outside, but for zod: all of gym uses it, and what it does
 * not use of it takes as long to load as a command. Gives the files made.
 */
async function bundle(): Promise<string[]> {
  const build = await rolldown({
    cwd: root,
    input: {
      gym: './gym/gym.ts',
      main: './gym/main.ts',
      index: './gym/index.ts',
      reaper: './gym/fault/reaper.ts',
      // Goes into a container by itself, so it has to be one file.
      'fault-proxy': './gym/fault/proxy/program.ts',
    },
    platform: 'node',
    external: /^(?!zod$)[^./]/,
    transform: { target: 'node24' },
  });
  const { output } = await build.write({
    dir: dist,
    format: 'esm',
    postBanner: ({ moduleIds }) =>
      moduleIds.some((id) => id.includes('/node_modules/zod/')) ? '// Holds zod; its licence is in its package.' : '',
    chunkFileNames: 'chunks/[name]-[hash].js',
    hashCharacters: 'hex',
  });
  await build.close();
  return output.map((file) => file.fileName);
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
