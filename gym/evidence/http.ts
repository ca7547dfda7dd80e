import { request as httpRequest } from 'node:http';
import { failed, ok, type Result } from '../events/problem.ts';
import type { RequestSource } from '../task/source/asked.ts';
import { beginDifference } from './difference.ts';
import { parseDocuments } from './documents.ts';
import type { BeginSource, EvidencePlace, ReadSource } from './reader.ts';
import { take } from './take.ts';
import { openWay } from './way.ts';

/** A larger answer is no measurement. */
export const answerLimitBytes = 32 * 1024 * 1024;

/** What is asked of a service. */
export type Request = Pick<RequestSource, 'service' | 'port' | 'path' | 'headers' | 'timeoutSeconds'>;

/** A JSON document that a service answers with. */
export const beginHttp: BeginSource<'http'> = async (source, place) => {
  const read: ReadSource = async () => {
    const answer = await get(place, source);
    const documents = answer.ok ? await parseDocuments('json', answer.value, { service: source.service }) : answer;
    return documents.ok ? take(documents.value, source.parse, place.nonce) : documents;
  };
  const { counters } = source;
  return counters.length === 0 ? read : beginDifference(read, ({ metric }) => counters.includes(metric));
};

/** GETs a path of a service, by way of its own network namespace. Anything but an answer of 2xx is a problem. */
export async function get(place: EvidencePlace, request: Request): Promise<Result<string>> {
  const forward = await openWay(place, request.service, request.port);
  if (!forward.ok) return forward;
  await using way = forward.value;
  // Awaited here, or the way would be closed before.
  return await ask(way.port, request);
}

/** The same of a port of 127.0.0.1 that leads there. Redirects are not followed. */
export function ask(localPort: number, request: Request): Promise<Result<string>> {
  const { service, port, path, headers, timeoutSeconds } = request;
  // Behind a question mark there may be a token.
  const address = `http://${service}:${port}${path.replace(/\?.*/, '')}`;
  return new Promise((resolve) => {
    const fail = (why: string): void =>
      resolve(failed({ kind: 'evidence', message: `GET ${address}: ${why}`, place: { service } }));
    const signal = AbortSignal.timeout(timeoutSeconds * 1000);
    const asked = httpRequest({
      host: '127.0.0.1',
      port: localPort,
      path,
      headers: {
        accept: 'application/json, text/plain;version=0.0.4;q=0.9, */*;q=0.1',
        ...headers,
        host: `${service}:${port}`,
      },
      signal,
      agent: false,
    });
    const onError = (error: Error): void =>
      fail(signal.aborted ? `no answer within ${timeoutSeconds} s` : error.message);
    asked.on('error', onError);
    asked.on('response', (response) => {
      const chunks: Uint8Array[] = [];
      let bytes = 0;
      response.on('data', (chunk: Uint8Array) => {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes <= answerLimitBytes) return;
        fail(`the answer is larger than ${answerLimitBytes} bytes`);
        response.destroy();
      });
      response.on('error', onError);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const status = response.statusCode ?? 0;
        if (status >= 200 && status < 300) resolve(ok(text));
        else fail(`it answered ${status}${text === '' ? '' : `: ${text.slice(0, 200).trim()}`}`);
      });
    });
    asked.end();
  });
}
