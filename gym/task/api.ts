import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { entryFile } from './entry.ts';
import { noteImport, noteText } from './modules.ts';
import { loadedInState, resolvedInState } from './state.ts';

let isHooked = false;

/** File URL of the public API of this gym, wherever it is installed. */
const apiUrl = pathToFileURL(entryFile('index')).href;

/** Loads the public API, so that a task file that imports it is loaded sooner. */
export async function preloadApi(): Promise<void> {
  await import(apiUrl);
}

/** Makes `import … from 'devgym'` in task files mean this gym. Not before there is a task file to load: every import after it goes the long way. */
export function hookImports(): void {
  if (isHooked) return;
  isHooked = true;
  registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier === 'devgym') return { url: apiUrl, shortCircuit: true };
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
