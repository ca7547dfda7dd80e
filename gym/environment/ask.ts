import { connect } from 'node:net';
import { hostText, resolveHost } from './host.ts';

/** Answers of the engine to what can be asked without a client, which takes longer to load than they take to come. */
export interface EngineFacts {
  /** Address, version, kernel and architecture, as `environmentInputs` has them. */
  readonly engine: string;
  /** Ids of images by reference; of one that is not there, `undefined`. */
  readonly images: Readonly<Record<string, string | undefined>>;
}

const limitMs = 2_000;

/** Asks an engine behind a socket of this machine; `undefined`: there is none, or it does not answer at once. */
export async function askEngine(
  ambient: Readonly<Record<string, string | undefined>>,
  references: readonly string[],
): Promise<EngineFacts | undefined> {
  const host = resolveHost(ambient);
  if (!host.ok || host.value.kind !== 'socket') return undefined;
  const { path } = host.value;
  const asked = references.map((reference) => `/images/${reference}/json`);
  const answers = await Promise.all(['/version', ...asked].map((each) => get(path, each)));
  const [version, ...found] = answers;
  if (version === undefined) return undefined;
  const [name, kernel, arch] = ['Version', 'KernelVersion', 'Arch'].map((key) => textOf(version, key));
  const images = references.map((reference, index) => [reference, textOf(found[index], 'Id')] as const);
  return { engine: `${hostText(host.value)} ${name} ${kernel} ${arch}`, images: Object.fromEntries(images) };
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
