import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isOwn } from './modules.ts';

/** The text of a module as it was in some state, by its absolute path; `undefined`: that state has no such file. */
export type ModuleState = (file: string) => string | undefined;

/** States by what stands for them in the URLs of their modules: Node loads a module once for each URL. */
const states = new Map<string, ModuleState>();
const stateKey = 'gym-state';

/** The URL of a file; with a state, of the file as it was in that. */
export function urlInState(file: string, state: ModuleState | undefined): string {
  const url = pathToFileURL(file);
  if (state === undefined) return url.href;
  url.searchParams.set(stateKey, String(states.size));
  states.set(String(states.size), state);
  return url.href;
}

function stateOf(url: string): ModuleState | undefined {
  return URL.canParse(url) ? states.get(new URL(url).searchParams.get(stateKey) ?? '') : undefined;
}

/**
 * Where a module of a state, or who loads one, imports a file, its URL in the same state, if it is in it; whether it is on the disk is not asked. `undefined`: Node
 * finds it.
 */
export function resolvedInState(specifier: string, parent: string | undefined): string | undefined {
  const state = stateOf(specifier) ?? stateOf(parent ?? '');
  if (state === undefined || !/^(\.{0,2}\/|file:)/.test(specifier)) return undefined;
  const url = new URL(specifier, parent);
  if (!isOwn(url.href) || state(fileURLToPath(url)) === undefined) return undefined;
  const key = [...states].find(([, each]) => each === state)?.[0] ?? '';
  url.searchParams.set(stateKey, key);
  return url.href;
}

const formats: Readonly<Record<string, string>> = {
  '.ts': 'module-typescript',
  '.mts': 'module-typescript',
  '.cts': 'commonjs-typescript',
  '.cjs': 'commonjs',
  '.json': 'json',
};

/** The text of a module of a state, and how Node is to take it; `undefined`: Node reads it. */
export function loadedInState(
  url: string,
): { readonly file: string; readonly format: string; readonly source: string } | undefined {
  const source = stateOf(url)?.(fileURLToPath(url));
  if (source === undefined) return undefined;
  return { file: fileURLToPath(url), format: formats[extname(new URL(url).pathname)] ?? 'module', source };
}
