import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/** A real program, fetched from npm once and kept outside of the repo. */
export interface Program {
  readonly name: string;
  readonly version: string;
  readonly package: string;
  /** Installed with it: `package@version`. */
  readonly beside?: string;
  /** In the folder that npm installed into. */
  readonly file: string;
}

const platform = `${process.platform}-${process.arch}`;

/** Claude Code: the package of the platform holds the native program. */
export const claudeCode: Program = {
  name: 'claude-code',
  version: '2.1.328',
  package: `@anthropic-ai/claude-code-${platform}`,
  file: `node_modules/@anthropic-ai/claude-code-${platform}/claude`,
};
/** Codex, with the package of the platform as its dependency. */
export const codex: Program = {
  name: 'codex',
  version: '0.169.0',
  package: '@openai/codex',
  file: 'node_modules/.bin/codex',
};

/** Gemini CLI: one bundle for Node.js. */
export const geminiCli: Program = {
  name: 'gemini-cli',
  version: '0.61.0',
  package: '@google/gemini-cli',
  file: 'node_modules/.bin/gemini',
};

/** Path of the program, or why it cannot be had: then the reason is shouted, since tests are going to be skipped. */
export async function fetchProgram(program: Program): Promise<string | undefined> {
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'gym-test');
  const folder = join(cache, `${program.name}-${program.version}-${platform}`);
  const file = join(folder, program.file);
  if (existsSync(file)) return file;
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, 'fetching-'));
  const args = [
    'install',
    '--prefix',
    fresh,
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    '--fetch-retries=0',
  ];
  const packages = [`${program.package}@${program.version}`, ...(program.beside === undefined ? [] : [program.beside])];
  const installed = await execa('npm', [...args, ...packages], {
    cwd: fresh,
    reject: false,
    timeout: 100_000,
    all: true,
  });
  // Another test may have been quicker; then its copy is as good.
  if (installed.exitCode === 0 && !existsSync(file)) renameSync(fresh, folder);
  rmSync(fresh, { recursive: true, force: true });
  if (existsSync(file)) return file;
  const errors = installed.all.split('\n').filter((line) => line.startsWith('npm error'));
  const why = errors.slice(0, 4).join('\n') || installed.all;
  console.error(
    `SKIPPED: the tests with the real ${program.name} ${program.version}, which npm does not give:\n${why}`,
  );
  return undefined;
}
