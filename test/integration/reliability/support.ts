import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { resolveHost } from '../../../gym/environment/host.ts';

const named = z.object({ Id: z.string().optional(), Name: z.string().optional() });
const list = z.union([z.array(named), z.object({ Volumes: z.array(named).nullable() })]);

/**
 * What the engine has with all these labels: "containers ID", "networks ID", "volumes NAME". By plain HTTP, a few milliseconds a
 * look: neither gym's own view nor a program that has to start first.
 */
export async function labelledNow(...label: string[]): Promise<string[]> {
  const filters = encodeURIComponent(JSON.stringify({ label }));
  const found = await Promise.all([
    ask('containers', `/containers/json?all=1&filters=${filters}`),
    ask('networks', `/networks?filters=${filters}`),
    ask('volumes', `/volumes?filters=${filters}`),
  ]);
  return found.flat();
}

async function ask(kind: string, path: string): Promise<string[]> {
  const host = resolveHost(process.env);
  if (!host.ok || host.value.kind !== 'socket') throw new Error('these tests need an engine on a unix socket');
  const { path: socketPath } = host.value;
  const text = await new Promise<string>((resolve, reject) => {
    const asked = request({ socketPath, path }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve(body)).on('error', reject);
    });
    asked.on('error', reject).end();
  });
  const parsed = list.parse(JSON.parse(text));
  const items = Array.isArray(parsed) ? parsed : (parsed.Volumes ?? []);
  return items.map(({ Id, Name }) => `${kind} ${Id ?? Name}`);
}

/** Numbers of the processes that look after gyms with this process number: the waiting shell or the program that reaps. */
export function watchdogsOf(pid: number | undefined): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((each) => {
      const words = wordsOf(each);
      return words.some((word) => /reaper\.[jt]s$/.test(word)) && words.some((word) => word.includes(`:${pid}:`));
    });
}

function wordsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** Waits until something is empty, and gives how long that took in milliseconds; what is left after `limitMs` throws. */
export async function untilNone(look: () => Promise<readonly unknown[]>, limitMs: number): Promise<number> {
  const start = performance.now();
  for (;;) {
    const left = await look();
    const tookMs = performance.now() - start;
    if (left.length === 0) return tookMs;
    if (tookMs > limitMs) throw new Error(`left after ${limitMs} ms: ${left.join(', ')}`);
    await sleep(20);
  }
}
