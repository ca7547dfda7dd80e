import { setTimeout as sleep } from 'node:timers/promises';
import { healthDefaults, parseHealthTest } from './compose/health.ts';
import type { HealthTest, ServiceModel } from './compose/model.ts';
import { type ExecTarget, runExec } from './exec.ts';
import type { ImageHealth } from './image/ready.ts';

/** A health check to be waited for. */
export interface Probe {
  readonly test: HealthTest;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly startPeriodMs: number;
}

/** How waiting for a service's health ended. `said`: what its probe printed last. */
export type ProbeOutcome =
  | { readonly kind: 'healthy' }
  | { readonly kind: 'unhealthy'; readonly because: string; readonly said: string }
  | { readonly kind: 'lost'; readonly because: string }
  | { readonly kind: 'aborted' };

/** The service's health check, what it leaves open being as the image says; `undefined`: there is none. */
export function probeOf({ healthcheck }: ServiceModel, image: ImageHealth | null): Probe | undefined {
  if (healthcheck?.kind === 'off') return undefined;
  const test = healthcheck?.test ?? parseHealthTest(image?.Test ?? []);
  if (test === null || test === 'none') return undefined;
  const milliseconds = (nanoseconds: number | undefined): number => (nanoseconds ?? 0) / 1e6;
  return {
    test,
    intervalMs: healthcheck?.intervalMs || milliseconds(image?.Interval) || healthDefaults.intervalMs,
    timeoutMs: healthcheck?.timeoutMs || milliseconds(image?.Timeout) || healthDefaults.timeoutMs,
    retries: healthcheck?.retries || image?.Retries || healthDefaults.retries,
    startPeriodMs: healthcheck?.startPeriodMs || milliseconds(image?.StartPeriod) || healthDefaults.startPeriodMs,
  };
}

/** Printed between tries, so that what one try said can be told from the next. */
const betweenTries = '\x1e';
/** Slower after a second: a costly probe must not slow down what it waits for. */
const loop =
  'n=0; until "$@" </dev/null 2>&1; do printf "\\036"; n=$((n+1)); d=0.02; [ $n -gt 25 ] && d=0.05; [ $n -gt 60 ] && d=0.2; sleep $d || sleep 1; done';

/**
 * Waits until the probe succeeds. One command in the container tries again and again, so a try costs no call of the engine.
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
    const outcome = await tryUntilHealthy(target, probe, leftMs, signal, (text) => {
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
  leftMs: number,
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
    command: ['sh', '-c', loop, 'sh', ...commandOf(probe.test)],
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
