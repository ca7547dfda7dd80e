import { connect } from 'node:net';
import { hostText, resolveHost } from './host.ts';

/** What the engine answers to what can be asked without a client, which takes longer to load than the answers take to come. */
export interface EngineFacts {
  /** Address, version, kernel and architecture, as `environmentInputs` has them. */
  readonly engine: string;
  /** Ids of all its images by their tags. */
  readonly images: ReadonlyMap<string, string>;
}

const limitMs = 2_000;

/** Asks an engine behind a socket of this machine; `undefined`: there is none, or it does not answer at once. */
export async function askEngine(
  ambient: Readonly<Record<string, string | undefined>>,
): Promise<EngineFacts | undefined> {
  const host = resolveHost(ambient);
  if (!host.ok || host.value.kind !== 'socket') return undefined;
  const { path } = host.value;
  const [version, listed] = await Promise.all([get(path, '/version'), get(path, '/images/json')]);
  if (version === undefined || !Array.isArray(listed)) return undefined;
  const [name, kernel, arch] = ['Version', 'KernelVersion', 'Arch'].map((key) => textOf(version, key));
  const images = listed.flatMap((image) => tagsOf(image).map((tag) => [tag, textOf(image, 'Id') ?? ''] as const));
  return { engine: `${hostText(host.value)} ${name} ${kernel} ${arch}`, images: new Map(images) };
}

/** Id of the image that a reference names. One by its digest, or of a registry's longer name, is not found: it is asked for in full then. */
export const imageIn = ({ images }: EngineFacts, reference: string): string | undefined =>
  images.get(/:[^/]+$/.test(reference) ? reference : `${reference}:latest`);

function tagsOf(image: unknown): string[] {
  const tags: unknown = typeof image === 'object' && image !== null ? Reflect.get(image, 'RepoTags') : undefined;
  return Array.isArray(tags) ? tags.map(String) : [];
}

function textOf(answer: unknown, key: string): string | undefined {
  const value: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, key) : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** One request of HTTP/1.0, whose answer ends with the connection: its document, or `undefined` where it is none. */
function get(socketPath: string, path: string): Promise<unknown> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(socketPath, () => socket.write(`GET ${path} HTTP/1.0\r\nHost: docker\r\n\r\n`));
    socket.setTimeout(limitMs, () => socket.destroy());
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => resolve(undefined));
    socket.on('close', () => resolve(documentIn(Buffer.concat(chunks).toString('utf8'))));
  });
}

function documentIn(answer: string): unknown {
  try {
    return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
  } catch {
    return undefined;
  }
}
