import { type Dispatcher, Pool } from 'undici';
import { failureOf, type LoadClient } from './client.ts';
import type { LoadPlan, LoadTarget } from './plan.ts';
import type { LoadFailure } from './results.ts';

type HttpTarget = Extract<LoadTarget, { protocol: 'http' }>;

/** Requests over HTTP/1.1 connections that are kept and used one request at a time. An answer ends with its body's last byte. */
export function httpClient(
  { origin, requests }: HttpTarget,
  { maxInFlight, timeoutMs }: Pick<LoadPlan, 'maxInFlight' | 'timeoutMs'>,
): LoadClient {
  const pool = new Pool(origin, {
    connections: maxInFlight,
    pipelining: 1,
    allowH2: false,
    connect: { timeout: timeoutMs },
    // Whoever runs the load watches the time: from the intended start, not from here.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const prepared = requests.map(({ method, path, headers, body, status }) => ({
    options: { method, path, headers, body: body ?? null },
    isRight: (got: number): boolean => (status === undefined ? got >= 200 && got < 300 : got === status),
  }));
  return {
    send(request, onEnd) {
      const { options, isRight } = prepared[request] ?? missing(request);
      const exchange = new Exchange(isRight, onEnd);
      pool.dispatch(options, exchange);
      return () => exchange.breakOff();
    },
    close: () => pool.destroy(),
  };
}

function missing(request: number): never {
  throw new Error(`no request ${request}`);
}

/** One request, from its dispatch to the last byte of its answer. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #isRight: (status: number) => boolean;
  readonly #onEnd: (failure?: LoadFailure) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #isBrokenOff = false;
  #status = 0;

  constructor(isRight: (status: number) => boolean, onEnd: (failure?: LoadFailure) => void) {
    this.#isRight = isRight;
    this.#onEnd = onEnd;
  }

  /** Where it still waits for its connection, it ends as soon as it has one. */
  breakOff(): void {
    this.#isBrokenOff = true;
    this.#controller?.abort(new Error('timed out'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isBrokenOff) this.breakOff();
  }

  /** Also called for 1xx; the last one counts. */
  onResponseStart(_: Dispatcher.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(): void {}

  onResponseEnd(): void {
    this.#onEnd(this.#isRight(this.#status) ? undefined : 'status');
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#onEnd(failureOf(error));
  }
}
