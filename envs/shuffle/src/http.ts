import type { IncomingMessage, ServerResponse } from 'node:http';

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
 * answers with an error, and what `fetch` throws where it does not answer.
 */
export async function request(
  address: string,
  method: 'GET' | 'PUT' | 'POST' | 'DELETE',
  path: string,
  signal: AbortSignal,
  body?: unknown,
): Promise<unknown> {
  const url = `http://${address}${path}`;
  const response = await fetch(url, { method, signal, ...(body !== undefined && { body: JSON.stringify(body) }) });
  const value: unknown = await response.json();
  if (!response.ok) throw new RequestRefused(errorText(value) ?? `${method} ${path} answered ${response.status}`);
  return value;
}

/** Reads a request's JSON body. Throws where it is none. */
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
