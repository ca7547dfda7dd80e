import type { Entry, Mapping, Node, Spot } from './tree.ts';

/** A value that is not from YAML as a tree; all of it stands at one place. */
export function growValue(value: unknown, at: Spot): Node {
  const common = { source: at.source, line: at.line, tag: null };
  if (Array.isArray(value)) return { kind: 'sequence', items: value.map((item) => growValue(item, at)), ...common };
  if (typeof value === 'object' && value !== null) return growMapping(Object.entries(value), at);
  const text = value === null || value === undefined ? '' : String(value);
  const type = typeof value;
  const scalar = type === 'number' || type === 'boolean' || type === 'string' ? type : 'null';
  return { kind: 'scalar', text, type: scalar, ...common };
}

/** A mapping of such values; what is undefined is left out. */
export function growMapping(entries: readonly (readonly [string, unknown])[], at: Spot): Mapping {
  const grown = entries.flatMap(([key, value]): [string, Entry][] =>
    value === undefined ? [] : [[key, { at, value: growValue(value, at) }]],
  );
  return { kind: 'mapping', entries: new Map(grown), source: at.source, line: at.line, tag: null };
}
