import { describe, expect, test } from 'vitest';
import { closedLoop, type Delay, echoServer, httpAsker, httpServer, loaded, tcpAsk } from './support.ts';

const stallMs = 500;
/** Two milliseconds, and once, after 0.8 s, everything that comes within the stall is held back until it is over. */
const stalling: Delay = (ms) => (ms > 800 && ms < 800 + stallMs ? 800 + stallMs - ms : 2);
const p99 = (sorted: readonly number[]): number => sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
const phases = [{ seconds: 2, perSecond: 100 }];

describe('a server that stalls once for half a second', () => {
  // A quarter of the two seconds: 50 of 200 arrivals wait, evenly from 500 ms down to none, 48 of them longer than 20 ms.
  const seesTheStall = (latencyMs: { p50: number; p90: number; p99: number } | null): void => {
    expect(latencyMs?.p99).toBeGreaterThan(0.8 * stallMs);
    expect(latencyMs?.p90).toBeGreaterThan(0.4 * stallMs);
  };

  test.concurrent('over HTTP the open loop sees it, a closed one like wrk does not', async () => {
    await using open = await httpServer(stalling);
    const target = { protocol: 'http', origin: open.origin, requests: [{ name: 'home', path: '/' }] };
    const { summary, latencies } = await loaded({ target, phases, lateAfterMs: 1000 });
    expect(summary.counts).toEqual({ arrivals: 200, sent: 200, answered: 200, late: 0, dropped: 0, errors: {} });
    seesTheStall(summary.latencyMs);
    expect(latencies.get('home')).toHaveLength(200);

    await using closed = await httpServer(stalling);
    const { ask, close } = httpAsker(closed.port, 4);
    const took = await closedLoop(4, 2000, ask);
    close();
    expect(took.at(-1)).toBeGreaterThan(0.8 * stallMs);
    expect(p99(took)).toBeLessThan(0.5 * stallMs);
  });

  test.concurrent('over TCP as well', async () => {
    await using open = await echoServer(stalling);
    const requests = [{ name: 'ping', send: 'ping', expect: 'ping' }];
    const target = { protocol: 'tcp', host: '127.0.0.1', port: open.port, requests };
    const { summary } = await loaded({ target, phases, lateAfterMs: 1000 });
    expect(summary.counts).toMatchObject({ arrivals: 200, answered: 200, dropped: 0, errors: {} });
    seesTheStall(summary.latencyMs);

    await using closed = await echoServer(stalling);
    const took = await closedLoop(4, 2000, () => tcpAsk(closed.port));
    expect(took.at(-1)).toBeGreaterThan(0.8 * stallMs);
    expect(p99(took)).toBeLessThan(0.5 * stallMs);
  });

  test.concurrent('with few places the wait for one counts as well, and arrivals are late', async () => {
    await using server = await httpServer(stalling);
    const target = { protocol: 'http', origin: server.origin, requests: [{ name: 'home', path: '/' }] };
    const { summary } = await loaded({ target, phases, maxInFlight: 4 });
    expect(summary.counts).toMatchObject({ arrivals: 200, answered: 200, dropped: 0 });
    seesTheStall(summary.latencyMs);
    // All but the first four of the stall, and not by the generator's doing.
    expect(summary.counts.late).toBeGreaterThan(40);
    expect(summary.generator.late).toBeLessThan(summary.counts.late / 2);
  });
});
