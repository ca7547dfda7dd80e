import type { HealthModel, HealthTest } from './model.ts';
import type { Reader } from './reader.ts';
import type { Node } from './tree.ts';

/** Compose's and the engine's own defaults. */
export const healthDefaults = { intervalMs: 30_000, timeoutMs: 30_000, retries: 3, startPeriodMs: 0 } as const;

/** `healthcheck`, with every form of `test`. `null`: none is written. */
export function readHealth(reader: Reader, node: Node | undefined): HealthModel | null {
  if (node === undefined || (node.kind === 'scalar' && node.type === 'null')) return null;
  const fields = reader.fields(node, 'services.*.healthcheck', 'healthcheck');
  if (reader.boolean(fields.get('disable'), 'healthcheck: disable') === true) return { kind: 'off' };
  const test = readTest(reader, fields.get('test'));
  if (test === 'none') return { kind: 'off' };
  // 0 means the default, as for the engine.
  const duration = (key: string): number | null => reader.durationMs(fields.get(key), `healthcheck: ${key}`);
  const retries = reader.integer(fields.get('retries'), 'healthcheck: retries');
  return {
    kind: 'probe',
    test,
    intervalMs: duration('interval'),
    timeoutMs: duration('timeout'),
    retries,
    startPeriodMs: duration('start_period'),
    startIntervalMs: duration('start_interval'),
  };
}

function readTest(reader: Reader, node: Node | undefined): HealthTest | 'none' | null {
  if (node === undefined) return null;
  if (node.kind === 'scalar') return node.type === 'null' ? null : { kind: 'shell', script: node.text };
  const test = parseHealthTest(reader.texts(node, 'healthcheck: test'));
  if (test !== null) return test;
  const remedy = 'Write ["CMD", "program", "argument"], ["CMD-SHELL", "a line of shell"] or ["NONE"].';
  return reader.complain(node, 'healthcheck: test must begin with CMD, CMD-SHELL or NONE', remedy) ?? null;
}

/** The list form of a test, as in Compose files and in image configurations. */
export function parseHealthTest(words: readonly string[]): HealthTest | 'none' | null {
  const [form, ...rest] = words;
  if (form === 'NONE') return 'none';
  if (form === 'CMD' && rest.length > 0) return { kind: 'command', command: rest };
  if (form === 'CMD-SHELL' && rest[0] !== undefined && rest.length === 1) return { kind: 'shell', script: rest[0] };
  return null;
}
