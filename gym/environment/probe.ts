import { setTimeout as sleep } from 'node:timers/promises';
import { healthDefaults, parseHealthTest } from './compose/health.ts';
import type { HealthTest, ServiceModel } from './compose/model.ts';
import { type ExecTarget, runExec } from './exec.ts';
import type { ReadyImage } from './image/ready.ts';

/** A health check to be waited for. */
export interface Probe {
  readonly test: HealthTest;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly startPeriodMs: number;
  /** TCP ports that its image says others reach it by. */
  readonly ports: readonly number[];
  /** After so long Compose would ask for the first time. */
  readonly firstTryMs: number;
}

/** How waiting for a service's health ended. `said`: what its probe printed last. */
export type ProbeOutcome =
  | { readonly kind: 'healthy' }
  | { readonly kind: 'unhealthy'; readonly because: string; readonly said: string }
  | { readonly kind: 'lost'; readonly because: string }
  | { readonly kind: 'aborted' };

type ProbedImage = Pick<ReadyImage, 'healthcheck' | 'exposedPorts'>;

function tcpPorts(texts: ProbedImage['exposedPorts']): number[] {
  return texts.flatMap((text) => (text.endsWith('/tcp') ? Number.parseInt(text, 10) : []));
}

/** The service's health check, what it leaves open being as the image says; `undefined`: there is none. */
export function probeOf(service: ServiceModel, { healthcheck: image, exposedPorts }: ProbedImage): Probe | undefined {
  const { healthcheck } = service;
  if (healthcheck?.kind === 'off') return undefined;
  const test = healthcheck?.test ?? parseHealthTest(image?.Test ?? []);
  if (test === null || test === 'none') return undefined;
  const milliseconds = (nanoseconds: number | undefined): number => (nanoseconds ?? 0) / 1e6;
  const intervalMs = healthcheck?.intervalMs || milliseconds(image?.Interval) || healthDefaults.intervalMs;
  // In the network of another container others may listen.
  const isAlone = service.networks.length > 0;
  return {
    test,
    intervalMs,
    ports: isAlone ? tcpPorts(exposedPorts) : [],
    firstTryMs: Math.min(intervalMs, healthcheck?.startIntervalMs || intervalMs),
    timeoutMs: healthcheck?.timeoutMs || milliseconds(image?.Timeout) || healthDefaults.timeoutMs,
    retries: healthcheck?.retries || image?.Retries || healthDefaults.retries,
    startPeriodMs: healthcheck?.startPeriodMs || milliseconds(image?.StartPeriod) || healthDefaults.startPeriodMs,
  };
}

/** Printed between tries, so that what one try said can be told from the next. */
const betweenTries = '\x1e';
/** Slower after a second: a costly probe must not slow down what it waits for. */
const loopUntil = (condition: string): string =>
  `n=0; until ${condition}; do printf "\\036"; n=$((n+1)); d=0.02; [ $n -gt 25 ] && d=0.05; [ $n -gt 60 ] && d=0.2; sleep $d || sleep 1; done`;
const tried = '"$@" </dev/null 2>&1';
const loop = loopUntil(tried);

/**
 * Until something listens on one of the ports as well, for others than itself. Columns of /proc/net/tcp: `sl local_address rem_address st`,
 * addresses in hexadecimal of the machine's byte order, state 0A is LISTEN (Linux, Documentation/networking/proc_net_tcp.rst).
 */
function loopWithPorts(ports: readonly number[]): string {
  const wanted = ports.map((port) => `*:${port.toString(16).toUpperCase().padStart(4, '0')}`).join('|');
  const loopback = '??????7F:*|00000000000000000000000001000000:*';
  const line = `[ "$state" = 0A ] && case "$at" in ${loopback}) ;; ${wanted}) return 0 ;; esac`;
  const listens = `listens() { while read -r _ at _ state _; do ${line}; done <"$1"; return 1; }`;
  return `${listens}; ${loopUntil(`${tried} && { listens /proc/net/tcp || listens /proc/net/tcp6; } 2>/dev/null`)}`;
}

/**
 * Waits until the probe succeeds. Databases fill themselves at their first start with a server that only listens on its own socket, and
 * a probe that asks there finds it healthy: Compose, which asks later, does not get to see that. So up to the time at which Compose would
 * ask first, a port that its image exposes has to be open too.
 *
 *     probe and an open port --(firstTryMs)--> probe --(its terms)--> unhealthy
 *               '----------- success -----------'---> healthy
 *
 * One command in the container tries again and again, so a try costs no call of the engine.
 * It gives up when the health check's own terms are over: start period, and all retries an interval apart.
 */
export async function waitHealthy(
  target: ExecTarget,
  probe: Probe,
  signal: AbortSignal,
  onSaid: (said: string) => void,
): Promise<ProbeOutcome> {
  const termsMs = probe.startPeriodMs + probe.retries * probe.intervalMs + probe.timeoutMs;
  const startedAt = performance.now();
  let said = '';
  for (;;) {
    const leftMs = termsMs - (performance.now() - startedAt);
    if (signal.aborted) return { kind: 'aborted' };
    if (leftMs <= 0) {
      return { kind: 'unhealthy', because: `its health check did not succeed within ${seconds(termsMs)}`, said };
    }
    const earlyMs = probe.ports.length === 0 ? 0 : probe.firstTryMs - (performance.now() - startedAt);
    const script = earlyMs > 0 ? loopWithPorts(probe.ports) : loop;
    const limitMs = earlyMs > 0 ? Math.min(earlyMs, leftMs) : leftMs;
    const outcome = await tryUntilHealthy(target, probe, { script, limitMs }, signal, (text) => {
      said = text;
      onSaid(text);
    });
    if (outcome.kind === 'over') continue;
    if (outcome.kind !== 'stuck') return outcome;
    said = `a try did not end within ${seconds(probe.timeoutMs)}${said === '' ? '' : `; it said: ${said}`}`;
    onSaid(said);
  }
}

/** One command that tries until success. `stuck`: a try takes longer than it may; `over`: the terms are. */
async function tryUntilHealthy(
  target: ExecTarget,
  probe: Probe,
  { script, limitMs: leftMs }: { readonly script: string; readonly limitMs: number },
  signal: AbortSignal,
  onSaid: (said: string) => void,
): Promise<ProbeOutcome | { readonly kind: 'stuck' } | { readonly kind: 'over' }> {
  const stuck = new AbortController();
  const limitMs = probe.timeoutMs + 250;
  let timer = setTimeout(() => stuck.abort(), limitMs);
  let current = '';
  const onOutput = (chunk: Uint8Array): void => {
    const tries = (current + Buffer.from(chunk).toString('utf8')).split(betweenTries);
    current = (tries.pop() ?? '').slice(-2000);
    const last = tries.at(-1)?.trim();
    if (last === undefined) return;
    onSaid(last);
    clearTimeout(timer);
    timer = setTimeout(() => stuck.abort(), limitMs);
  };
  const outcome = await runExec(target, {
    command: ['sh', '-c', script, 'sh', ...commandOf(probe.test)],
    onOutput,
    signal: AbortSignal.any([signal, stuck.signal]),
    timeoutMs: leftMs,
  });
  clearTimeout(timer);
  if (outcome.kind === 'exited') {
    // The loop only ends by success: else there is no shell to run it.
    return outcome.exitCode === 0 ? { kind: 'healthy' } : tryFromOutside(target, probe, leftMs, signal, onSaid);
  }
  if (outcome.kind === 'lost') return { kind: 'lost', because: outcome.because };
  if (signal.aborted) return { kind: 'aborted' };
  return { kind: outcome.kind === 'timed-out' ? 'over' : 'stuck' };
}

/** Where the image has no shell: a command for every try. */
async function tryFromOutside(
  target: ExecTarget,
  probe: Probe,
  leftMs: number,
  signal: AbortSignal,
  onSaid: (said: string) => void,
): Promise<ProbeOutcome | { readonly kind: 'over' }> {
  const until = performance.now() + leftMs;
  while (performance.now() < until) {
    let said = '';
    const onOutput = (chunk: Uint8Array): void => {
      said = (said + Buffer.from(chunk).toString('utf8')).slice(-2000);
    };
    const outcome = await runExec(target, {
      command: commandOf(probe.test),
      onOutput,
      signal,
      timeoutMs: probe.timeoutMs,
    });
    if (outcome.kind === 'lost') return { kind: 'lost', because: outcome.because };
    if (outcome.kind === 'aborted') return { kind: 'aborted' };
    if (outcome.kind === 'exited' && outcome.exitCode === 0) return { kind: 'healthy' };
    onSaid(outcome.kind === 'timed-out' ? `a try did not end within ${seconds(probe.timeoutMs)}` : said.trim());
    await sleep(50);
  }
  return { kind: 'over' };
}

function commandOf(test: HealthTest): readonly string[] {
  return test.kind === 'command' ? test.command : ['/bin/sh', '-c', test.script];
}

function seconds(milliseconds: number): string {
  return `${Number((milliseconds / 1000).toFixed(1))} s`;
}
