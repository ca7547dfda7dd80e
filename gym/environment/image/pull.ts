import { z } from 'zod';
import { failed, ok, type Place, type Result } from '../../events/problem.ts';
import type { Answer } from '../engine.ts';
import type { ImageWork, ReadyImage } from './ready.ts';

const pullLine = z.object({ error: z.string().optional() });
const pullLimitMs = 30 * 60_000;

/** Looks an image up; `undefined`: it is not on the engine. */
export async function findImage(
  { engine }: Pick<ImageWork, 'engine'>,
  reference: string,
): Promise<Result<Omit<ReadyImage, 'how'> | undefined>> {
  const inspected = await engine.call(`looking for the image ${reference}`, () =>
    engine.docker.getImage(reference).inspect(),
  );
  if (!inspected.ok) return inspected.status === 404 ? ok(undefined) : inspected;
  const { Id: id, Os, Architecture, Config } = inspected.value;
  const healthcheck = Config?.Healthcheck ?? null;
  const exposedPorts = Object.keys(Config?.ExposedPorts ?? {});
  return ok({ reference, id, platform: `${Os}/${Architecture}`, healthcheck, exposedPorts });
}

/** When an image is pulled, and for which platform; `null`: the engine's own. */
export interface Wanted {
  readonly policy: 'always' | 'never' | 'missing';
  readonly platform: string | null;
}

/** The image, pulled where it is not there, or not of the platform. */
export async function obtainImage(
  work: ImageWork,
  reference: string,
  place: Place,
  { policy, platform }: Wanted,
): Promise<Result<ReadyImage>> {
  const found = await findImage(work, reference);
  if (!found.ok) return found;
  const fits = platform === null || found.value?.platform === platform.split('/').slice(0, 2).join('/');
  if (found.value !== undefined && fits && policy !== 'always') return ok({ ...found.value, how: 'present' });
  if (policy === 'never') {
    const message = `the image ${reference} is not on this machine, and its pull_policy is "never"`;
    return failed({ kind: 'environment', message, place, remedy: `Bring it yourself: docker pull ${reference}` });
  }
  work.emit({ type: 'noted', text: `pulling ${reference}` });
  const why = await pull(work, reference, platform);
  const pulled = why === undefined ? await findImage(work, reference) : ok(undefined);
  if (!pulled.ok) return pulled;
  if (pulled.value !== undefined) return ok({ ...pulled.value, how: 'pulled' });
  return failed({
    kind: 'environment',
    message: `the image ${reference} ${found.value === undefined ? 'is not on this machine and ' : ''}could not be pulled: ${why ?? 'it is not there after the pull'}`,
    place,
    remedy: `Check its name and the network, or bring it yourself: docker pull ${reference}`,
  });
}

/** Why it failed; `undefined`: it did not. */
async function pull(
  { engine, signal }: ImageWork,
  reference: string,
  platform: string | null,
): Promise<string | undefined> {
  if (signal.aborted) return 'it was interrupted';
  // Without a tag the engine would pull all of them.
  const tagged = /(@|:[^/]+$)/.test(reference) ? reference : `${reference}:latest`;
  const answer: Answer<string | undefined> = await engine.call(
    'pulling',
    async () => {
      const stream = await engine.docker.pull(tagged, { abortSignal: signal, ...(platform !== null && { platform }) });
      return lastError(stream);
    },
    pullLimitMs,
  );
  if (signal.aborted) return 'it was interrupted';
  return answer.ok ? answer.value : answer.problems[0].message;
}

/** The stream ends the same way whether the pull went well or not: only its lines tell. */
async function lastError(stream: NodeJS.ReadableStream): Promise<string | undefined> {
  let text = '';
  let error: string | undefined;
  for await (const chunk of stream) {
    const lines = (text + String(chunk)).split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) error = errorIn(line) ?? error;
  }
  return errorIn(text) ?? error;
}

function errorIn(line: string): string | undefined {
  try {
    return pullLine.safeParse(JSON.parse(line)).data?.error;
  } catch {
    return undefined;
  }
}
