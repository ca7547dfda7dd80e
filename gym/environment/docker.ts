import Module, { createRequire } from 'node:module';
import type Dockerode from 'dockerode';

/** What dockerode loads in case it is needed: an ssh client and a gRPC server, four fifths of the time that its import takes. */
const seldomUsed = ['docker-modem/lib/ssh', './session'] as const;

/** Imports dockerode; what is seldom used of it is loaded when it is called. */
export async function importDocker(): Promise<typeof Dockerode> {
  const require = createRequire(createRequire(import.meta.url).resolve('dockerode'));
  for (const name of seldomUsed) loadWhenCalled(require, name);
  const { default: Docker } = await import('dockerode');
  return Docker;
}

/** Puts a function in the place of a module that is one function. It puts the module in its own place when it is called. */
function loadWhenCalled(require: NodeJS.Require, name: string): void {
  const path = resolved(require, name);
  if (path === undefined || require.cache[path] !== undefined) return;
  const later = new Module(path);
  later.loaded = true;
  later.exports = (...args: unknown[]): unknown => {
    if (require.cache[path] === later) delete require.cache[path];
    const loaded: unknown = require(path);
    if (typeof loaded !== 'function') throw new Error(`${path} is no function`);
    return Reflect.apply(loaded, undefined, args);
  };
  require.cache[path] = later;
}

/** `undefined`: another version of the package has no such module. */
function resolved(require: NodeJS.Require, name: string): string | undefined {
  try {
    return require.resolve(name);
  } catch {
    return undefined;
  }
}
