import type { Document, ParsedNode, YAMLMap } from 'yaml';
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type Node as YamlNode,
  Scalar as YamlScalar,
} from 'yaml';
import type { Problem } from '../../events/problem.ts';
import { interpolate, type Lookup } from './interpolate.ts';
import { type Resolved, resolvePlain } from './scalar.ts';

/** Where something was written, and what that means for it. */
export interface Source {
  readonly file: string;
  /** What relative paths are relative to. */
  readonly directory: string;
  readonly lookup: Lookup;
}

/** A line of a file. */
export interface Spot {
  readonly source: Source;
  readonly line: number;
}

/** A value with its place; anchors and merge keys resolved, variables filled in. Scalars are text: who reads them knows their type. */
export type Node = Scalar | Mapping | Sequence;
/** `!reset` drops what an earlier file says, `!override` replaces it. */
export type Tag = 'reset' | 'override' | null;
interface Common extends Spot {
  readonly tag: Tag;
}
/** A value that is no mapping and no list. */
export interface Scalar extends Common {
  readonly kind: 'scalar';
  readonly text: string;
  readonly type: Resolved['type'];
}
/** Keys with their values, in order. */
export interface Mapping extends Common {
  readonly kind: 'mapping';
  readonly entries: ReadonlyMap<string, Entry>;
}
/** A list. */
export interface Sequence extends Common {
  readonly kind: 'sequence';
  readonly items: readonly Node[];
}
/** A key of a mapping with its value. */
export interface Entry {
  /** Of the key. */
  readonly at: Spot;
  readonly value: Node;
}

/** What a file holds, with what was wrong in it: a mapping for each YAML document. */
export interface Tree {
  readonly roots: readonly Mapping[];
  readonly problems: readonly Problem[];
  /** Variables that were not set and became empty. */
  readonly unset: ReadonlySet<string>;
}

interface Growth {
  readonly source: Source;
  readonly document: Document<ParsedNode>;
  readonly lines: LineCounter;
  readonly problems: Problem[];
  readonly unset: Set<string>;
}

/** Parses YAML into trees that keep their lines. Top-level `x-` keys are left out: only what refers to them counts. */
export function parseTree(source: Source, text: string): Tree {
  const lines = new LineCounter();
  const problems: Problem[] = [];
  const unset = new Set<string>();
  // Of the failsafe schema, because Compose resolves plain scalars by rules of its own.
  const documents = parseAllDocuments(text, { lineCounter: lines, schema: 'failsafe', logLevel: 'error' });
  const roots = (Array.isArray(documents) ? documents : []).flatMap((document) => {
    for (const error of document.errors) {
      const message = `not valid YAML: ${error.message.split(' at line ')[0] ?? error.message}`;
      const line = lines.linePos(error.pos[0]).line;
      problems.push({ kind: 'definition', message, place: { file: source.file, line } });
    }
    if (document.errors.length > 0) return [];
    if (isMap(document.contents)) {
      return [growMapping({ source, document, lines, problems, unset }, document.contents, true)];
    }
    if (isScalar(document.contents) && document.contents.value === '') return [];
    const message = 'a Compose file is a mapping with the key "services"';
    problems.push({ kind: 'definition', message, place: { file: source.file, line: 1 } });
    return [];
  });
  return { roots, problems, unset };
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
  const { source } = growth;
  if (isMap(node)) return growMapping(growth, node, false);
  if (isSeq(node)) {
    const items = node.items.map((item) => grow(growth, item, itemLine(growth, item, line)));
    return { kind: 'sequence', items, source, line, tag: tagOf(node.tag) };
  }
  if (isScalar(node)) return growScalar(growth, node, line);
  return { kind: 'scalar', text: '', type: 'null', source, line, tag: null };
}

function tagOf(tag: string | undefined): Tag {
  return tag === '!reset' ? 'reset' : tag === '!override' ? 'override' : null;
}

function itemLine(growth: Growth, item: unknown, otherwise: number): number {
  return isScalar(item) || isMap(item) || isSeq(item) || isAlias(item) ? lineOf(growth, item) : otherwise;
}

function growScalar(growth: Growth, node: YamlScalar, line: number): Scalar {
  const { source } = growth;
  const tag = tagOf(node.tag);
  const written = String(node.value ?? '');
  const isText = node.type !== YamlScalar.PLAIN || node.tag === 'tag:yaml.org,2002:str';
  const { text, type } = isText ? { text: written, type: 'string' as const } : resolvePlain(written);
  const filled = interpolate(text, source.lookup);
  if (!filled.ok) return complain(growth, line, filled.message);
  for (const name of filled.unset) growth.unset.add(name);
  return { kind: 'scalar', text: filled.text, type, source, line, tag };
}

function growMapping(growth: Growth, map: YAMLMap, top: boolean): Mapping {
  const { source } = growth;
  const entries = new Map<string, Entry>();
  const merged = new Map<string, Entry>();
  for (const pair of map.items) {
    const line = itemLine(growth, pair.key, lineOf(growth, map));
    const key = isScalar(pair.key) ? String(pair.key.value ?? '') : '';
    if (key === '') complain(growth, line, 'a key is a plain word');
    else if (key === '<<') mergeInto(growth, merged, pair.value, line);
    else if (!(top && key.startsWith('x-'))) {
      entries.set(key, { at: { source, line }, value: grow(growth, pair.value, itemLine(growth, pair.value, line)) });
    }
  }
  for (const [key, entry] of merged) if (!entries.has(key)) entries.set(key, entry);
  return { kind: 'mapping', entries, source, line: lineOf(growth, map), tag: tagOf(map.tag) };
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
  const { source } = growth;
  growth.problems.push({ kind: 'definition', message, place: { file: source.file, line } });
  return { kind: 'scalar', text: '', type: 'null', source, line, tag: null };
}
