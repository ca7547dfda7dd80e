import { type Node as JsonNode, type ParseError, parseTree } from 'jsonc-parser';
import { jsonErrorText } from '../../events/json-error.ts';
import type { Problem } from '../../events/problem.ts';
import type { Entry, Node, Source } from './tree.ts';

/** Fills variables into a text. */
export type Fill = (text: string) => string;

/** Parses JSON with comments and trailing commas into a tree that keeps its lines. */
export function parseJsonc(source: Source, text: string, fill: Fill): { root: Node | undefined; problems: Problem[] } {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const lineAt = (offset: number): number => text.slice(0, offset).split('\n').length;
  const problems = errors.map((error): Problem => {
    const place = { file: source.file, line: lineAt(error.offset) };
    return { kind: 'definition', message: jsonErrorText(error), place };
  });
  const grow = (node: JsonNode): Node => {
    const common = { source, line: lineAt(node.offset), tag: null };
    const children = node.children ?? [];
    if (node.type === 'array') return { kind: 'sequence', items: children.map(grow), ...common };
    if (node.type === 'object') {
      const entries = children.flatMap(({ children: pair }): [string, Entry][] => {
        const [key, value] = pair ?? [];
        if (key === undefined || value === undefined) return [];
        return [[String(key.value), { at: { source, line: lineAt(key.offset) }, value: grow(value) }]];
      });
      return { kind: 'mapping', entries: new Map(entries), ...common };
    }
    const type = node.type === 'number' || node.type === 'boolean' || node.type === 'string' ? node.type : 'null';
    const written = node.value === null || node.value === undefined ? '' : String(node.value);
    return { kind: 'scalar', text: type === 'string' ? fill(written) : written, type, ...common };
  };
  return { root: root === undefined || problems.length > 0 ? undefined : grow(root), problems };
}
