import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { anthropicEvents } from './anthropic.ts';
import { googleEvents } from './google.ts';
import { openaiEvents } from './openai.ts';
import { type ModelRequest, modelRequest, type Turn } from './script.ts';

/** A model server on loopback that says what its script says. */
export interface ModelServer {
  /** Its base address, without a path: `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Bodies of the requests that took a turn of the script, in order. */
  readonly requests: readonly ModelRequest[];
  close(): Promise<void>;
}

/** A request without tools is the program's own housekeeping (a title, a quota check): it takes no turn of the script. */
const aside: Turn = { text: 'ok', usage: { inputTokens: 1, cachedInputTokens: 0, outputTokens: 1 } };
/** Said when a program goes on asking after the script's end. */
const afterEnd: Turn = { text: 'The script is over.', usage: aside.usage };

/** Starts the server; each request that carries tools takes the next turn of the script. */
export async function startModelServer(script: readonly Turn[]): Promise<ModelServer> {
  const requests: ModelRequest[] = [];
  const next = (request: ModelRequest): Turn => {
    if (request.tools.length === 0) return aside;
    requests.push(request);
    return script[requests.length - 1] ?? afterEnd;
  };
  const server = createServer((request, response) => {
    answer(request, response, next).catch((reason: unknown) => response.destroy(new Error(String(reason))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  next: (request: ModelRequest) => Turn,
): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://localhost').pathname;
  const events = eventsOf(path);
  if (request.method !== 'POST' || events === undefined) {
    response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":{"message":"no such thing here"}}');
    return;
  }
  const asked = modelRequest.parse(JSON.parse(await bodyOf(request)));
  const turn = next(asked);
  if (turn.failure !== undefined) {
    const body = { type: 'error', error: { type: 'api_error', message: turn.failure.message } };
    response.writeHead(turn.failure.status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  for (const event of events(turn, asked)) {
    const name = 'type' in event ? `event: ${event['type']}\n` : '';
    response.write(`${name}data: ${JSON.stringify(event)}\n\n`);
  }
  response.end();
}

function eventsOf(path: string): typeof anthropicEvents | typeof googleEvents | undefined {
  if (path.endsWith('/v1/messages')) return anthropicEvents;
  if (path.endsWith('/responses')) return openaiEvents;
  if (path.endsWith(':streamGenerateContent')) return googleEvents;
  return undefined;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
