import { createHash } from 'node:crypto';
import { createReadStream, existsSync, type Stats } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import ignore from '@balena/dockerignore';
import { type Pack, pack } from 'tar-stream';
import type { Inputs } from '../../store/cache.ts';

/** What a build sends to the engine. */
export interface BuildContext {
  readonly directory: string;
  /** In order of their paths, so that the same files give the same hash. */
  readonly files: readonly ContextFile[];
  /** Path of the Dockerfile within what is sent. */
  readonly dockerfile: string;
  readonly dockerfileText: string;
  /** SHA-256 over the paths, modes and contents of the files and the Dockerfile, hexadecimal. */
  readonly hash: string;
  /** What is at each path of it: mode and content of a file, or where a link leads. It tells what has changed; folders are left out. */
  readonly contents: Inputs;
}

interface ContextFile {
  /** Relative to the context, with `/`. */
  readonly path: string;
  readonly stats: Stats;
  /** Where a symbolic link points to. */
  readonly link: string | null;
}

/**
 * Reads the files of a context that `.dockerignore` does not exclude (or `DOCKERFILE.dockerignore`, which wins where it is there).
 * `inline`: a Dockerfile that is written in the Compose file.
 */
export async function readContext(
  directory: string,
  dockerfile: string,
  inline: string | null = null,
): Promise<BuildContext> {
  const rules = await readIgnore(directory, dockerfile);
  const files: ContextFile[] = [];
  await walk(directory, '', rules, files);
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  const dockerfileText = inline ?? (await readFile(dockerfile, 'utf8'));
  const inContext = relative(directory, dockerfile).split(sep).join('/');
  const sent = inline === null && files.some(({ path }) => path === inContext);
  const hashed = await hashOf(directory, files, dockerfileText);
  return { directory, files, dockerfile: sent ? inContext : outsideName, dockerfileText, ...hashed };
}

/** The name that a Dockerfile gets which lies outside of its context or is excluded from it. */
const outsideName = '.dockerfile.outside';

/** Of a file's hash, as much as tells that it has changed: lists of thousands of files are kept. */
const shownBytes = 8;

/** What gym itself writes while it builds, so that no image would ever be there already. */
const storeName = '.gym';

interface Rules {
  readonly excludes: (path: string) => boolean;
  /** Whether something below an excluded folder may come back. */
  readonly hasExceptions: boolean;
}

async function readIgnore(directory: string, dockerfile: string): Promise<Rules> {
  const file = [`${dockerfile}.dockerignore`, join(directory, '.dockerignore')].find((path) => existsSync(path));
  if (file === undefined) return { excludes: () => false, hasExceptions: false };
  const text = await readFile(file, 'utf8');
  const rules = ignore.default({ ignorecase: false }).add(text);
  return { excludes: (path) => rules.ignores(path), hasExceptions: /^\s*!/m.test(text) };
}

async function walk(directory: string, below: string, rules: Rules, files: ContextFile[]): Promise<void> {
  for (const name of await readdir(join(directory, below))) {
    if (name === storeName) continue;
    const path = below === '' ? name : `${below}/${name}`;
    const excluded = rules.excludes(path);
    if (excluded && !rules.hasExceptions) continue;
    const stats = await lstat(join(directory, path));
    if (!excluded && (stats.isFile() || stats.isDirectory() || stats.isSymbolicLink())) {
      files.push({ path, stats, link: stats.isSymbolicLink() ? await readlink(join(directory, path)) : null });
    }
    if (stats.isDirectory()) await walk(directory, path, rules, files);
  }
}

async function hashOf(
  directory: string,
  files: readonly ContextFile[],
  dockerfileText: string,
): Promise<Pick<BuildContext, 'hash' | 'contents'>> {
  const whole = createHash('sha256').update(dockerfileText);
  const contents: [string, string][] = [];
  for (const { path, stats, link } of files) {
    const mode = stats.mode.toString(8);
    whole.update(`\0${path}\0${mode}\0${link ?? ''}\0`);
    if (link !== null) contents.push([path, `link ${link}`]);
    if (!stats.isFile()) continue;
    const content = createHash('sha256');
    await pipeline(createReadStream(join(directory, path)), content);
    const digest = content.digest();
    whole.update(digest);
    contents.push([path, `${mode} ${digest.toString('hex', 0, shownBytes)}`]);
  }
  return { hash: whole.digest('hex'), contents: Object.fromEntries(contents) };
}

/** The context as a tar stream; read from the disk as it is taken. Where a file cannot be read as it was, it breaks off, and `onBroken` hears why. */
export function tarOf(context: BuildContext, onBroken: (why: string) => void): Readable {
  const tar = pack();
  // By then the stream may have closed itself, which takes no error any more.
  tar.on('error', () => {});
  fill(tar, context).then(
    () => tar.finalize(),
    (error: unknown) => {
      onBroken(error instanceof Error ? error.message : String(error));
      tar.destroy();
    },
  );
  return tar;
}

async function fill(tar: Pack, context: BuildContext): Promise<void> {
  if (context.dockerfile === outsideName) await entry(tar, { name: outsideName }, context.dockerfileText);
  for (const { path, stats, link } of context.files) {
    const header = { name: path, mode: stats.mode & 0o7777, mtime: stats.mtime, uid: 0, gid: 0 };
    if (stats.isDirectory()) await entry(tar, { ...header, type: 'directory' });
    else if (link !== null) await entry(tar, { ...header, type: 'symlink', linkname: link });
    else if (stats.size === 0) await entry(tar, header);
    else {
      // A file that has grown since is sent as long as it was; a shorter one breaks the archive.
      const content = createReadStream(join(context.directory, path), { end: stats.size - 1 });
      await fileEntry(tar, { ...header, size: stats.size }, content).catch((error: unknown) => {
        throw new Error(`${path} changed meanwhile (${error instanceof Error ? error.message : error})`);
      });
    }
  }
}

function entry(tar: Pack, header: Parameters<Pack['entry']>[0], text?: string): Promise<void> {
  return new Promise((resolve, reject) => {
    tar.entry(header, text ?? '', (error) => (error ? reject(error) : resolve()));
  });
}

/** The archive itself tells whether the content was as long as its header says; a pipeline does not hear of it. */
function fileEntry(tar: Pack, header: Parameters<Pack['entry']>[0], content: Readable): Promise<void> {
  return new Promise((resolve, reject) => {
    content.once('error', reject);
    content.pipe(tar.entry(header, (error) => (error ? reject(error) : resolve())));
  });
}
