import type { LoadFailure } from './results.ts';

/** Sends requests of a target. */
export interface LoadClient {
  /**
   * Sends the request at this place of the target's list. `onEnd` is called once, when its connection is free or gone: with
   * how it failed, or without where the answer was right. Gives how to break it off, which leads to that end as well.
   */
  send(request: number, onEnd: (failure?: LoadFailure) => void): () => void;
  /** Ends all connections. */
  close(): Promise<void>;
}

const kinds: Readonly<Record<string, LoadFailure>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  ENOTFOUND: 'unreachable',
  EAI_AGAIN: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
};

/** The kind of an error of a connection. Codes of Node.js and of undici; `HPE_…` are those of its HTTP parser. */
export function failureOf(error: Error): LoadFailure {
  const code = 'code' in error ? String(error.code) : '';
  return kinds[code] ?? (code.startsWith('HPE_') ? 'unexpected' : 'other');
}
