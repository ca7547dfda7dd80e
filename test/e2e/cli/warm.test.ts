import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { box, tinyCheckout } from '../../support/gym/checkout.ts';
import { containersOf, leftOf } from '../../support/gym/engine.ts';
import { gym } from '../../support/gym/program.ts';

function setOf(checkout: string): string {
  const file = join(checkout, '.gym/slots/tiny.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).set : '';
}

test('gym warm serves one environment after the other until gym down, and is not seen', async () => {
  using checkout = tinyCheckout({ services: `${box}    ports: ["80"]\n` });
  const { path } = checkout;
  const warmed = await gym(path, ['warm']);
  expect(warmed.stderr).toMatch(/^tiny is warm, after .*: for the next 60 minutes, or until gym down\n$/);
  expect((await gym(path, ['ps'])).stdout).not.toContain('tiny');
  const first = setOf(path);

  expect((await gym(path, ['up'])).exitCode).toBe(0);
  expect(containersOf(path)).toContain(`container ${first}.claim`);
  const listed = await gym(path, ['ps']);
  expect(listed.stdout.match(/tiny +box +running .*127\.0\.0\.1:\d+->80\/tcp/g)).toHaveLength(1);
  await expect.poll(() => setOf(path), { timeout: 30_000 }).not.toBe(first);
  const second = setOf(path);
  expect((await gym(path, ['reset'])).exitCode).toBe(0);
  expect(leftOf(path).filter((each) => each.includes(first))).toEqual([]);

  expect((await gym(path, ['verify'])).exitCode).toBe(0);
  await expect.poll(() => setOf(path), { timeout: 30_000 }).not.toBe(second);
  await expect.poll(() => leftOf(path).filter((each) => each.includes(second)), { timeout: 30_000 }).toEqual([]);

  const ended = await gym(path, ['down']);
  expect(ended.stderr).toBe('tiny is down\ntiny is not kept warm any more\n');
  await expect.poll(() => leftOf(path), { timeout: 30_000 }).toEqual([]);
  expect(setOf(path)).toBe('');
  expect((await gym(path, ['up'])).exitCode).toBe(0);
  expect(execFileSync('docker', ['ps', '--format', '{{.Names}}'], { encoding: 'utf8' })).not.toContain(second);
  expect((await gym(path, ['down', '--wait'])).stderr).toBe('tiny is down\n');
  expect(leftOf(path)).toEqual([]);
});

test('what gym down does in the background leaves what was made warm since', async () => {
  using checkout = tinyCheckout();
  const { path } = checkout;
  expect((await gym(path, ['warm'])).exitCode).toBe(0);
  const set = setOf(path);
  expect((await gym(path, ['down', '--rest'])).stderr).toBe('nothing is up\n');
  expect(setOf(path)).toBe(set);
  expect(containersOf(path)).toEqual([`container ${set}-box`]);
  // Without the folder of the note, too.
  rmSync(join(path, '.gym'), { recursive: true });
  expect((await gym(path, ['down', '--wait'])).stderr).toBe('tiny is not kept warm any more\n');
  expect(leftOf(path)).toEqual([]);
});

test('gym warm says when nothing can be made before', async () => {
  using checkout = tinyCheckout({ services: `${box}    network_mode: none\n` });
  const ended = await gym(checkout.path, ['warm']);
  expect(ended.exitCode).toBe(2);
  expect(ended.stderr).toContain('tiny cannot be kept warm');
  expect(leftOf(checkout.path)).toEqual([]);
});
