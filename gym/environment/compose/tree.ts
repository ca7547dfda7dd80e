import type { Document, ParsedNode, YAMLMap } from 'yaml';
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Node as YamlNode } from 'yaml';
import type { Problem } from '../../events/problem.ts';
import { interpolate, type Lookup } from './interpolate.ts';

/** A value of the file with its line; anchors and merge keys resolved, variables filled in. Scalars are text: who reads them knows their type. */
export type Node = Scalar | Mapping | Sequence;
export interface Scalar {
  readonly kind: 'scalar';
  readonly text: string;
  /** An empty value, `null` or `~`. */
  readonly isNull: boolean;
  readonly line: number;
}
export interface Mapping {
  readonly kind: 'mapping';
  readonly entries: ReadonlyMap<string, Entry>;
  readonly line: number;
}
export interface Sequence {
  readonly kind: 'sequence';
  readonly items: readonly Node[];
  readonly line: number;
}
export interface Entry {
  readonly keyLine: number;
  readonly value: Node;
}

/** The tree of a file, with what was wrong in it; `root` is undefined where it is no YAML mapping at all. */
export interface Tree {
  readonly root: Mapping | undefined;
  readonly problems: readonly Problem[];
  /** Variables that were not set and became empty. */
  readonly unset: ReadonlySet<string>;
}

interface Growth {
  readonly file: string;
  readonly document: Document<ParsedNode>;
  readonly lines: LineCounter;
  readonly lookup: Lookup;
  readonly problems: Problem[];
  readonly unset: Set<string>;
}

/** Parses YAML into a tree that keeps its lines. Top-level `x-` keys are left out: only what refers to them counts. */
export function parseTree(file: string, text: string, lookup: Lookup): Tree {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const bad: Problem[] = document.errors.map((error) => ({
    kind: 'definition',
    message: `not valid YAML: ${error.message.split(' at line ')[0] ?? error.message}`,
    place: { file, line: lines.linePos(error.pos[0]).line },
  }));
  if (bad.length > 0) return { root: undefined, problems: bad, unset: new Set() };
  const growth: Growth = { file, document, lines, lookup, problems: [], unset: new Set() };
  if (!isMap(document.contents)) {
    const message = 'a Compose file is a mapping with the key "services"';
    return { root: undefined, problems: [{ kind: 'definition', message, place: { file, line: 1 } }], unset: new Set() };
  }
  const root = growMapping(growth, document.contents, true);
  return { root, problems: growth.problems, unset: growth.unset };
}

function lineOf(growth: Growth, node: YamlNode | null | undefined): number {
  return growth.lines.linePos(node?.range?.[0] ?? 0).line;
}

function grow(growth: Growth, node: unknown, line: number): Node {
  if (isAlias(node)) {
    const target = node.resolve(growth.document);
    if (target === undefined) return complain(growth, line, `alias *${node.source} has no anchor`);
    return grow(growth, target, line);
  }
  if (isMap(node)) return growMapping(growth, node, false);
  if (isSeq(node)) {
    return {
      kind: 'sequence',
      items: node.items.map((item) => grow(growth, item, itemLine(growth, item, line))),
      line,
    };
  }
  if (isScalar(node)) return growScalar(growth, node, line);
  return { kind: 'scalar', text: '', isNull: true, line };
}

function itemLine(growth: Growth, item: unknown, otherwise: number): number {
  return isScalar(item) || isMap(item) || isSeq(item) || isAlias(item) ? lineOf(growth, item) : otherwise;
}

function growScalar(growth: Growth, node: { value: unknown; source?: string }, line: number): Scalar {
  if (node.value === null) return { kind: 'scalar', text: '', isNull: true, line };
  // Numbers and booleans keep what was written: 1.10 as a version is not 1.1.
  const written = typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
  const filled = interpolate(written, growth.lookup);
  if (!filled.ok) return complain(growth, line, filled.message);
  for (const name of filled.unset) growth.unset.add(name);
  return { kind: 'scalar', text: filled.text, isNull: false, line };
}

function growMapping(growth: Growth, map: YAMLMap, top: boolean): Mapping {
  const entries = new Map<string, Entry>();
  const merged = new Map<string, Entry>();
  for (const pair of map.items) {
    const keyLine = itemLine(growth, pair.key, lineOf(growth, map));
    const key = isScalar(pair.key) ? String(pair.key.source ?? pair.key.value) : '';
    if (key === '') complain(growth, keyLine, 'a key is a plain word');
    else if (key === '<<') mergeInto(growth, merged, pair.value, keyLine);
    else if (!(top && key.startsWith('x-'))) {
      entries.set(key, { keyLine, value: grow(growth, pair.value, itemLine(growth, pair.value, keyLine)) });
    }
  }
  for (const [key, entry] of merged) if (!entries.has(key)) entries.set(key, entry);
  return { kind: 'mapping', entries, line: lineOf(growth, map) };
}

/** `<<: *a` or `<<: [*a, *b]`; the first to name a key wins (YAML 1.1, "Merge Key Language-Independent Type"). */
function mergeInto(growth: Growth, merged: Map<string, Entry>, value: unknown, line: number): void {
  const node = grow(growth, value, line);
  const sources = node.kind === 'sequence' ? node.items : [node];
  for (const source of sources) {
    if (source.kind !== 'mapping') complain(growth, line, '<< takes a mapping or a list of mappings');
    else for (const [key, entry] of source.entries) if (!merged.has(key)) merged.set(key, entry);
  }
}

function complain(growth: Growth, line: number, message: string): Scalar {
  growth.problems.push({ kind: 'definition', message, place: { file: growth.file, line } });
  return { kind: 'scalar', text: '', isNull: true, line };
}
