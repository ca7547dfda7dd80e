import { describe, expect, test } from 'vitest';
import { closedLoop, type Delay, echoServer, hangUpServer, httpAsker, httpServer, loaded, tcpAsk } from './support.ts';

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
    const { ask, close } = httpAsker(closed.port, 2);
    const took = await closedLoop(2, 2500, ask);
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
    const took = await closedLoop(2, 2500, () => tcpAsk(closed.port));
    expect(took.at(-1)).toBeGreaterThan(0.8 * stallMs);
    expect(p99(took)).toBeLessThan(0.5 * stallMs);
  });

  test.concurrent('with few places the wait for one counts as well, and arrivals are late', async () => {
    await using server = await httpServer(stalling);
    const target = { protocol: 'http', origin: server.origin, requests: [{ name: 'home', path: '/' }] };
    const { summary } = await loaded({ target, phases, maxInFlight: 4, lateAfterMs: 10 });
    expect(summary.counts).toMatchObject({ arrivals: 200, answered: 200, dropped: 0 });
    seesTheStall(summary.latencyMs);
    // All but the first four of the stall, and not by the generator's doing.
    expect(summary.counts.late).toBeGreaterThan(40);
    expect(summary.generator.late).toBeLessThan(summary.counts.late / 2);
  });
});

const short = [{ seconds: 0.5, perSecond: 100 }];

test.concurrent('what gets no place within the time-out is dropped, what gets no answer timed out; both count as the longest there is', async () => {
  await using server = await httpServer(() => 400);
  const target = { protocol: 'http', origin: server.origin, requests: [{ name: 'home', path: '/' }] };
  const { summary, latencies } = await loaded({ target, phases: short, maxInFlight: 2, timeoutMs: 200 });
  const { arrivals, sent, answered, dropped, errors } = summary.counts;
  expect([arrivals, answered]).toEqual([50, 0]);
  // Two at a time, for a fifth of a second each.
  expect(dropped).toBeGreaterThan(30);
  expect(sent + dropped).toBe(50);
  expect(errors).toEqual({ timeout: sent });
  expect(latencies.get('home')).toEqual(Array.from({ length: 50 }, () => 400));
  expect(summary.latencyMs).toMatchObject({ n: 50, p50: 400, max: 400 });
});

test.concurrent.each([
  ['refused', 1],
  ['unreachable', undefined],
])('an address that is %s fails every arrival, and gives no latency', async (kind, port) => {
  const target = {
    protocol: 'tcp',
    host: port === undefined ? 'no-such-host.invalid' : '127.0.0.1',
    port: port ?? 80,
    requests: [{ name: 'connect' }],
  };
  const { summary, latencies } = await loaded({ target, phases: [{ seconds: 0.2, perSecond: 50 }] });
  expect(summary.counts).toMatchObject({ arrivals: 10, answered: 0, errors: { [kind]: 10 } });
  expect([summary.latencyMs, latencies.size]).toEqual([null, 0]);
});

test.concurrent('an answer that is another than expected is an error of its own kind, request by request', async () => {
  await using http = await httpServer();
  const requests = [
    { name: 'right', path: '/', body: 'order', method: 'POST' },
    { name: 'broken', path: '/503' },
    { name: 'expected', path: '/404', status: 404 },
  ];
  const web = await loaded({ target: { protocol: 'http', origin: http.origin, requests }, phases: short });
  for (const name of ['right', 'expected']) {
    const counts = web.summary.requests[name];
    expect(counts).toMatchObject({ answered: counts?.arrivals, errors: {} });
    expect(web.latencies.get(name)).toHaveLength(counts?.arrivals ?? 0);
  }
  const broken = web.summary.requests['broken'];
  expect(broken).toMatchObject({ answered: 0, errors: { status: broken?.arrivals } });
  expect(broken?.arrivals).toBeGreaterThan(0);

  await using echo = await echoServer();
  const tcp = [
    { name: 'right', send: 'ping', expect: 'pi' },
    { name: 'wrong', send: 'ping', expect: 'pong' },
    { name: 'sent', send: 'ping' },
  ];
  const target = { protocol: 'tcp', host: '127.0.0.1', port: echo.port, requests: tcp };
  const { summary } = await loaded({ target, phases: short });
  const wrong = summary.requests['wrong'];
  expect(wrong).toMatchObject({ answered: 0, errors: { unexpected: wrong?.arrivals } });
  for (const name of ['right', 'sent']) expect(summary.requests[name]).toMatchObject({ errors: {} });
});

test.concurrent('a server that hangs up is a reset over both', async () => {
  await using server = await hangUpServer();
  const web = { protocol: 'http', origin: server.origin, requests: [{ name: 'home', path: '/' }] };
  const tcp = {
    protocol: 'tcp',
    host: '127.0.0.1',
    port: server.port,
    requests: [{ name: 'ping', send: 'ping', expect: 'ping' }],
  };
  for (const target of [web, tcp]) {
    const { summary } = await loaded({ target, phases: [{ seconds: 0.2, perSecond: 50 }] });
    expect(summary.counts).toMatchObject({ arrivals: 10, answered: 0, errors: { reset: 10 } });
  }
});

test.concurrent('the warm-up is sent and not counted, and windows come in order with every arrival in one of them', async () => {
  let asked = 0;
  await using server = await httpServer(() => {
    asked += 1;
    return 0;
  });
  const target = { protocol: 'http', origin: server.origin, requests: [{ name: 'home', path: '/' }] };
  const phases = [{ seconds: 1.5, perSecond: 40 }];
  const { summary, lines } = await loaded({ target, phases, warmUpSeconds: 0.5 });
  expect([asked, summary.warmUp, summary.counts.arrivals]).toEqual([60, 20, 40]);
  const windows = lines.flatMap((line) => (line.kind === 'window' ? [[line.fromMs, line.counts.arrivals]] : []));
  expect(windows).toEqual([
    [0, 20],
    [1000, 20],
  ]);
});

test('a generator that does not get the processor says so', async () => {
  await using server = await httpServer();
  const target = { protocol: 'http', origin: server.origin, requests: [{ name: 'home', path: '/' }] };
  const timer = setTimeout(() => {
    const until = performance.now() + 150;
    while (performance.now() < until);
  }, 100);
  const { summary } = await loaded({ target, phases: short });
  clearTimeout(timer);
  expect(summary.generator.keptUp).toBe(false);
  expect(summary.generator.late).toBeGreaterThan(5);
  expect(summary.generator.longestStallMs).toBeGreaterThan(100);
});
