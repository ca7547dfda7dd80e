import { findNodeAtLocation, type JSONPath, type Node, parseTree } from 'jsonc-parser';

// jsonc-parser's own `modify` lays out anew whatever shares a line with what it changes. Here not a byte of the rest changes.

/** The node at a path of a JSON text with comments; undefined: there is none. */
export function nodeAt(text: string, path: JSONPath): Node | undefined {
  const root = parseTree(text, [], { allowTrailingComma: true });
  return root === undefined ? undefined : findNodeAtLocation(root, path);
}

/** The text with a value as the last of the list at `path` or, with a `key`, of the object. */
export function inserted(text: string, path: JSONPath, value: unknown, key?: string): string {
  const container = nodeAt(text, path);
  if (container === undefined) return text;
  const { unit, lineBreak } = layoutOf(text);
  const outer = indentAt(text, container.offset);
  const inner = `${outer}${unit}`;
  const named = key === undefined ? '' : `${JSON.stringify(key)}: `;
  const item = `${lineBreak}${inner}${named}${laidOut(text, value, inner)}`;
  const last = container.children?.at(-1);
  if (last !== undefined) return splice(text, endOf(last), endOf(last), `,${item}`);
  const [from, to] = [container.offset + 1, endOf(container) - 1];
  const hasLines = text.slice(from, to).includes('\n');
  return splice(text, from, from, hasLines ? item : `${item}${lineBreak}${outer}`);
}

/** The text with another value at `path`. */
export function replaced(text: string, path: JSONPath, value: unknown): string {
  const node = nodeAt(text, path);
  if (node === undefined) return text;
  return splice(text, node.offset, endOf(node), laidOut(text, value, indentAt(text, node.offset)));
}

/** The text without the item of a list, or the property of an object, at `path`. */
export function cut(text: string, path: JSONPath): string {
  const node = nodeAt(text, path);
  const item = node?.parent?.type === 'property' ? node.parent : node;
  const container = item?.parent;
  const siblings = container?.children ?? [];
  if (item === undefined || container === undefined) return text;
  const index = siblings.indexOf(item);
  const [before, after] = [siblings[index - 1], siblings[index + 1]];
  if (before !== undefined) return splice(text, endOf(before), endOf(item), '');
  if (after !== undefined) return splice(text, item.offset, after.offset, '');
  const [from, to] = [container.offset + 1, endOf(container) - 1];
  const rest = text.slice(endOf(item), to);
  return splice(text, from, to, rest.replace(/^\s*,?/, '').trim() === '' ? '' : rest);
}

const endOf = ({ offset, length }: Node): number => offset + length;

const splice = (text: string, from: number, to: number, by: string): string =>
  text.slice(0, from) + by + text.slice(to);

/** How the text is laid out: one step of indentation, and its line breaks. */
function layoutOf(text: string): { unit: string; lineBreak: string } {
  const [, unit = '  '] = /^([ \t]+)\S/m.exec(text) ?? [];
  return { unit, lineBreak: text.includes('\r\n') ? '\r\n' : '\n' };
}

/** The blanks that the line of an offset begins with. */
function indentAt(text: string, offset: number): string {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
  return /^[ \t]*/.exec(line)?.[0] ?? '';
}

function laidOut(text: string, value: unknown, indent: string): string {
  const { unit, lineBreak } = layoutOf(text);
  return JSON.stringify(value, null, unit).replaceAll('\n', `${lineBreak}${indent}`);
}
