import { registerHooks } from 'node:module';
import { noteImport, noteText } from './modules.ts';
import { loadedInState, resolvedInState } from './state.ts';

let apiUrl: string | undefined;
let isHooked = false;

/**
 * Makes `import … from 'devgym'` in task files mean this gym, wherever it is installed.
 * `url` is the file URL of the public API.
 */
export function resolveApi(url: string): void {
  apiUrl = url;
}

/** Loads the public API, so that a task file that imports it is loaded sooner. */
export async function preloadApi(): Promise<void> {
  if (apiUrl !== undefined) await import(apiUrl);
}

/** Not before there is a task file to load: every import after it goes the long way. */
export function hookImports(): void {
  if (isHooked || apiUrl === undefined) return;
  isHooked = true;
  const url = apiUrl;
  registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier === 'devgym') return { url, shortCircuit: true };
      const inState = resolvedInState(specifier, context.parentURL);
      const resolved = inState === undefined ? next(specifier, context) : { url: inState, shortCircuit: true };
      noteImport(context.parentURL, resolved.url);
      return resolved;
    },
    load: (moduleUrl, context, next) => {
      const loaded = loadedInState(moduleUrl);
      if (loaded === undefined) return next(moduleUrl, context);
      noteText(loaded.file, loaded.source);
      return { format: loaded.format, source: loaded.source, shortCircuit: true };
    },
  });
}
