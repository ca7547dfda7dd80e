import type { Forward } from '../environment/environment.ts';
import { ok, type Result } from '../events/problem.ts';
import type { EvidencePlace } from './reader.ts';

/** A way to a port of a service, as `Environment.forward` opens it, which is closed as well when the run is broken off: nobody waits for an answer then. */
export async function openWay(
  { environment, signal }: Pick<EvidencePlace, 'environment' | 'signal'>,
  service: string,
  port: number,
): Promise<Result<Forward>> {
  const forward = await environment.forward(service, port);
  if (!forward.ok) return forward;
  const way = forward.value;
  const close = (): PromiseLike<void> => way[Symbol.asyncDispose]();
  if (signal.aborted) await close();
  signal.addEventListener('abort', close, { once: true });
  return ok({
    port: way.port,
    async [Symbol.asyncDispose]() {
      signal.removeEventListener('abort', close);
      await close();
    },
  });
}
