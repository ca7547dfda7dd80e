import { visit } from 'jsonc-parser';
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type LineCounter,
  visit as visitYaml,
  type YAMLMap,
} from 'yaml';
import { type Path, pointerOf } from '../judge/documents.ts';

/** The line of each key and list entry, by its JSON Pointer. */
type KeyLines = Record<string, number>;

/** Keys whose lines are noted at most: beyond, a key is where the last noted one around it is. */
const mostKeys = 50_000;
/** In a longer text no lines are noted: it is data, and nobody wrote it by hand. */
const mostCharacters = 1024 * 1024;

/** Lines of a JSON text that can be parsed. */
export function jsonKeyLines(text: string): KeyLines {
  const lines: KeyLines = {};
  if (text.length > mostCharacters) return lines;
  let noted = 0;
  const note = (path: Path, line: number): boolean => {
    if (noted >= mostKeys) return false;
    noted += 1;
    lines[pointerOf(path)] = line + 1;
    return true;
  };
  const noteEntry = (_offset: number, _length: number, line: number, _at: number, pathOf: () => Path): boolean => {
    const path = noted < mostKeys ? pathOf() : [];
    return typeof path.at(-1) === 'number' ? note(path, line) : noted < mostKeys;
  };
  visit(text, {
    onObjectProperty: (key, _offset, _length, line, _at, pathOf) => {
      if (noted < mostKeys) note([...pathOf(), key], line);
    },
    onObjectBegin: noteEntry,
    onArrayBegin: noteEntry,
    onLiteralValue: (_value, ...rest) => {
      noteEntry(...rest);
    },
  });
  return lines;
}

/** What each alias of a YAML document stands for; null: one is inside of what it stands for, so that the value has no end. */
export function aliasTargets(document: Document): ReadonlyMap<unknown, unknown> | null {
  const anchors = new Map<string, unknown>();
  const targets = new Map<unknown, unknown>();
  let isEndless = false;
  // In one pass: `Alias.resolve` would search the whole document each time.
  visitYaml(document, {
    Node: (_, node, path) => {
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchors.set(node.anchor, node);
        return undefined;
      }
      const target = anchors.get(node.source);
      targets.set(node, target);
      isEndless ||= path.some((each) => each === target);
      return isEndless ? visitYaml.BREAK : undefined;
    },
  });
  return isEndless ? null : targets;
}

/**
 * Lines of a YAML document without errors, in its file. What comes from an anchor, or from a merge key (`<<`), is where the anchor is
 * written.
 */
export function yamlKeyLines(
  document: Document,
  counter: LineCounter,
  targets: ReadonlyMap<unknown, unknown>,
): KeyLines {
  const lines: KeyLines = {};
  let noted = 0;
  const resolved = (node: unknown): unknown => (isAlias(node) ? targets.get(node) : node);
  const note = (path: Path, node: unknown, value: unknown): void => {
    if (noted >= mostKeys) return;
    noted += 1;
    const start = startOf(node) ?? startOf(value);
    if (start !== undefined) lines[pointerOf(path)] = counter.linePos(start).line;
    walk(value, path);
  };
  const walkMap = (map: YAMLMap, path: Path): void => {
    // What is merged in comes first: the map's own keys count more, and among several the first.
    for (const { key, value } of map.items) {
      if (!isMergeKey(key)) continue;
      const merged = resolved(value);
      for (const each of isSeq(merged) ? merged.items.toReversed() : [merged]) walk(each, path);
    }
    for (const { key, value } of map.items) {
      if (!isMergeKey(key)) note([...path, isScalar(key) ? String(key.value) : String(key)], key, value);
    }
  };
  const walk = (given: unknown, path: Path): void => {
    const node = resolved(given);
    if (isMap(node)) walkMap(node, path);
    else if (isSeq(node)) for (const [index, item] of node.items.entries()) note([...path, index], item, item);
  };
  walk(document.contents, []);
  return lines;
}

/** Depending on the schema, `yaml` gives the key as text or as a symbol. */
function isMergeKey(key: unknown): boolean {
  if (!isScalar(key)) return false;
  return key.value === '<<' || (typeof key.value === 'symbol' && key.value.description === '<<');
}

function startOf(node: unknown): number | undefined {
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
  const start: unknown = Array.isArray(range) ? range[0] : undefined;
  return typeof start === 'number' ? start : undefined;
}
