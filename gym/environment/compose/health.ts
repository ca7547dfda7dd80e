import type { HealthModel, HealthTest } from './model.ts';
import type { Reader } from './reader.ts';
import type { Node } from './tree.ts';

const known = ['test', 'interval', 'timeout', 'retries', 'start_period', 'start_interval', 'disable'];

/** Compose's and the engine's own defaults. */
export const healthDefaults = { intervalMs: 30_000, timeoutMs: 30_000, retries: 3, startPeriodMs: 0 } as const;

/** `healthcheck`, with every form of `test`. `null`: none is written, or only settings of the image's own, which are not supported alone. */
export function readHealth(reader: Reader, node: Node | undefined): HealthModel | null {
  if (node === undefined) return null;
  const fields = reader.fields(node, 'healthcheck', known);
  if (reader.boolean(fields.get('disable'), 'healthcheck: disable') === true) return { kind: 'off' };
  const test = readTest(reader, fields.get('test'));
  if (test === null) {
    if (fields.get('test') === undefined) reader.complain(node.line, 'healthcheck: "test" is missing');
    return null;
  }
  if (test === 'none') return { kind: 'off' };
  const retries = reader.integer(fields.get('retries'), 'healthcheck: retries') ?? 0;
  const duration = (key: string): number => reader.durationMs(fields.get(key), `healthcheck: ${key}`) ?? 0;
  // 0 means the default, as for the engine.
  return {
    kind: 'probe',
    test,
    intervalMs: duration('interval') || healthDefaults.intervalMs,
    timeoutMs: duration('timeout') || healthDefaults.timeoutMs,
    retries: retries > 0 ? retries : healthDefaults.retries,
    startPeriodMs: duration('start_period'),
  };
}

function readTest(reader: Reader, node: Node | undefined): HealthTest | 'none' | null {
  if (node === undefined) return null;
  if (node.kind === 'scalar') return node.isNull ? null : { kind: 'shell', script: node.text };
  const test = parseHealthTest(reader.texts(node, 'healthcheck: test'));
  if (test !== null) return test;
  const remedy = 'Write ["CMD", "program", "argument"], ["CMD-SHELL", "a line of shell"] or ["NONE"].';
  return reader.complain(node.line, 'healthcheck: test must begin with CMD, CMD-SHELL or NONE', remedy) ?? null;
}

/** The list form of a test, as in Compose files and in image configurations. */
export function parseHealthTest(words: readonly string[]): HealthTest | 'none' | null {
  const [form, ...rest] = words;
  if (form === 'NONE') return 'none';
  if (form === 'CMD' && rest.length > 0) return { kind: 'command', command: rest };
  if (form === 'CMD-SHELL' && rest[0] !== undefined && rest.length === 1) return { kind: 'shell', script: rest[0] };
  return null;
}
