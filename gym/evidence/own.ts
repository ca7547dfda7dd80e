import type { Forward } from '../environment/environment.ts';
import { ok, type Result } from '../events/problem.ts';
import { type OwnSource, ownFound, type SourceContext } from '../task/source/own.ts';
import { outputOf } from './exec.ts';
import { ask } from './http.ts';
import { type BeginSource, type EvidencePlace, type Found, notRead } from './reader.ts';
import { mostSamples, reasonOf, tooMany } from './take.ts';

/** A source that the task's own code reads. What it throws is why it could not be read. */
export const beginOwn: BeginSource<'own'> = async (source, place) => {
  const begun = await within(source, place, 'begin', (context) => source.begin(context));
  return async () => {
    if (!begun.ok) return begun;
    const given = await within(source, place, 'read', begun.value);
    if (!given.ok) return given;
    const found = ownFound.safeParse(given.value);
    if (!found.success) return notRead(`its read gave no samples: ${reasonOf(found.error)}`);
    const { samples, documents } = found.data;
    if (samples.length > mostSamples) return tooMany();
    return ok<Found>({ samples, ...(documents !== undefined && { documents }) });
  };
};

/** Lets the task's code work for as long as it may; what it opened is closed after it. */
async function within<Value>(
  source: OwnSource,
  place: EvidencePlace,
  what: string,
  work: (context: SourceContext) => Promise<Value> | Value,
): Promise<Result<Value>> {
  const late = AbortSignal.timeout(source.timeoutSeconds * 1000);
  const signal = AbortSignal.any([place.signal, late]);
  await using ways = new AsyncDisposableStack();
  const cut = new Promise<never>((_, reject) => {
    const why = (): void =>
      reject(new Error(late.aborted ? `it took longer than ${source.timeoutSeconds} s` : 'it was broken off'));
    if (signal.aborted) why();
    signal.addEventListener('abort', why, { once: true });
  });
  try {
    return ok(await Promise.race([Promise.resolve(work(contextOf(source, place, signal, ways))), cut]));
  } catch (thrown) {
    return notRead(`its ${what} failed: ${reasonOf(thrown)}`);
  }
}

function contextOf(
  { services, timeoutSeconds }: OwnSource,
  { environment, hostDirectory, nonce }: EvidencePlace,
  signal: AbortSignal,
  ways: AsyncDisposableStack,
): SourceContext {
  const open = async (service: string, port: number): Promise<Forward> => {
    if (!services.includes(service)) throw new Error(`name ${service} in its services: it connects to them only`);
    return ways.use(orThrow(await environment.forward(service, port)));
  };
  return {
    nonce,
    workspace: hostDirectory,
    signal,
    exec: async (service, command) =>
      orThrow(await outputOf(environment, { service, command, timeoutSeconds }, signal)),
    readFile: async (service, path) => orThrow(await environment.readFile(service, path)),
    connect: async (service, port) => (await open(service, port)).port,
    async fetch(service, port, path, headers = {}) {
      const way = await open(service, port);
      return orThrow(await ask(way.port, { service, port, path, headers, timeoutSeconds }));
    },
    async logFile(service) {
      await environment.flushLogs();
      return environment.logFile(service);
    },
  };
}

/** The author's code gets values, and exceptions for problems. */
function orThrow<Value>(result: Result<Value>): Value {
  if (result.ok) return result.value;
  throw new Error(result.problems.map(({ message }) => message).join('; '));
}
