import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';

/** A request that was answered, but not with success. Not thrown where there was no answer at all. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused';
}

/** What an endpoint answers: a status and a value that is sent as JSON. */
export interface Reply {
  readonly status: number;
  readonly value: unknown;
}

/**
 * Asks a worker for something and reads its JSON answer. Throws `RequestRefused` with the worker's own words where it
 * answers with an error, and what the network says where it does not answer. Not `fetch`: aborting that leaves its
 * attempt to connect behind, which keeps the process alive for ten seconds.
 */
export async function request(
  address: string,
  method: 'GET' | 'PUT' | 'POST' | 'DELETE',
  path: string,
  signal: AbortSignal,
  body?: unknown,
): Promise<unknown> {
  const outgoing = httpRequest(`http://${address}${path}`, { method, signal });
  // Errors reach us through `once`, or through the reading of the answer.
  outgoing.on('error', () => {});
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  const [response]: IncomingMessage[] = await once(outgoing, 'response');
  if (!response) throw new Error(`${method} ${path} has no answer`);
  const value = await readJson(response);
  if (response.statusCode === 200) return value;
  throw new RequestRefused(errorText(value) ?? `${method} ${path} answered ${response.statusCode}`);
}

/** Reads the JSON body of a request or of an answer. Throws where it is none. */
export async function readJson(message: IncomingMessage): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

/** Sends a reply. */
export function send(response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.status, { 'content-type': 'application/json' }).end(JSON.stringify(reply.value));
}

function errorText(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('error' in value)) return undefined;
  return String(value.error);
}
