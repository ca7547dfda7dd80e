// Rules over any JSON or YAML document, by a path such as `spec.ports.*.name`: `*` is each entry of a map or list. Keys that hold a dot
// are told as a list: `['metadata', 'annotations', 'app.kubernetes.io/name']`.
import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import type { Path } from '../../gym/judge/documents.ts';
import { type Rule, rule, shown, type Violation, valueAt } from './rule.ts';

/** Where to look: keys with dots between, or a list of keys and indices. */
export type KeyPath = string | Path;

interface Found {
  readonly path: Path;
  /** `undefined`: the last key of the path is not there. */
  readonly value: unknown;
}

const keysOf = (path: KeyPath): Path => (typeof path === 'string' ? path.split('.') : path);
const textOf = (path: KeyPath): string => (typeof path === 'string' ? path : path.join('.'));

/** Every place that a path leads to. Where a `*` meets no map or list, or an empty one, it leads nowhere. */
function placesOf(value: unknown, keys: Path, before: Path = []): Found[] {
  const [key, ...rest] = keys;
  if (key === undefined) return [{ path: before, value }];
  if (key !== '*') {
    const next = valueAt(value, key);
    return next === undefined
      ? [{ path: [...before, ...keys], value: undefined }]
      : placesOf(next, rest, [...before, key]);
  }
  if (typeof value !== 'object' || value === null) return [];
  const entries: [string | number, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return entries.flatMap(([each, item]) => placesOf(item, rest, [...before, each]));
}

/** A rule over all places of a path; null: it leads nowhere. */
function over(name: string, path: KeyPath, check: (found: Found) => Violation[]): Rule {
  const keys = keysOf(path);
  return rule(`keys.${name}(${textOf(path)})`, ({ value }) => {
    const found = placesOf(value, keys);
    return found.length === 0 ? null : found.flatMap(check);
  });
}

/** A rule over the values that are there; a document without any is passed over. */
function overValues(name: string, path: KeyPath, wrong: (value: unknown) => string | null): Rule {
  const keys = keysOf(path);
  return rule(`keys.${name}(${textOf(path)})`, (document) => {
    const there = placesOf(document.value, keys).filter(({ value }) => value !== undefined);
    if (there.length === 0) return null;
    return there.flatMap(({ value, path: at }) => {
      const message = wrong(value);
      return message === null ? [] : [{ message, path: at }];
    });
  });
}

/** There is a value at the path, in each entry that a `*` stands for, and it is not null. */
export function required(path: KeyPath): Rule {
  return over('required', path, (found) =>
    found.value === undefined || found.value === null ? [{ message: 'is missing', path: found.path }] : [],
  );
}

/** There is nothing at the path, not even null. */
export function forbidden(path: KeyPath): Rule {
  return over('forbidden', path, (found) =>
    found.value === undefined ? [] : [{ message: 'is not allowed', path: found.path }],
  );
}

/** Each value at the path is a text or a number that the pattern fits. */
export function matches(path: KeyPath, pattern: RegExp): Rule {
  // With the flags g and y a pattern would go on where it stopped.
  const once = new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, ''));
  return overValues('matches', path, (value) => {
    const isText = typeof value === 'string' || typeof value === 'number';
    return isText && once.test(String(value)) ? null : `does not fit ${pattern} (${shown(value)})`;
  });
}

/** Each value at the path is one of these. */
export function among(path: KeyPath, values: readonly unknown[]): Rule {
  return overValues('among', path, (value) =>
    values.some((each) => isDeepStrictEqual(each, value))
      ? null
      : `is ${shown(value)}, not one of ${shown(values.map(shown).join(', '))}`,
  );
}

/** Each value at the path fits a zod schema: `fits('services.*', z.looseObject({ image: z.string() }))`. */
export function fits(path: KeyPath, schema: z.ZodType): Rule {
  return overValues('fits', path, (value) => {
    const parsed = schema.safeParse(value);
    const issue = parsed.error?.issues[0];
    return issue === undefined ? null : `does not fit: ${[...issue.path.map(String), ''].join(': ')}${issue.message}`;
  });
}
