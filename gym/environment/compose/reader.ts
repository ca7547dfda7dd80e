import type { Problem } from '../../events/problem.ts';
import { suggest } from '../../task/suggest.ts';
import type { Entry, Mapping, Node } from './tree.ts';
import { parseBytes, parseDurationMs } from './units.ts';
import { splitWords } from './words.ts';

/**
 * Reads values out of the tree. What is wrong is collected with its place, and reading goes on with `undefined` or nothing,
 * so that one look at the file finds all that is wrong in it.
 */
export class Reader {
  readonly file: string;
  readonly problems: Problem[] = [];
  readonly notes: string[] = [];
  /** The service that is being read, for the places of problems. */
  service: string | undefined;

  constructor(file: string) {
    this.file = file;
  }

  complain(line: number, message: string, remedy?: string): undefined {
    const place = { file: this.file, line, ...(this.service !== undefined && { service: this.service }) };
    this.problems.push({ kind: 'definition', message, place, ...(remedy !== undefined && { remedy }) });
  }

  /** The entries of a mapping; a key that is not among `known` is a problem. `foreign`: keys of Compose that gym does not support. */
  fields(
    node: Node | undefined,
    what: string,
    known: readonly string[],
    foreign: readonly string[] = [],
  ): ReadonlyMap<string, Node> {
    const fields = new Map<string, Node>();
    for (const [key, { keyLine, value }] of this.entries(node, what)) {
      if (known.includes(key)) fields.set(key, value);
      else if (key.startsWith('x-')) continue;
      else if (foreign.includes(key)) this.complain(keyLine, `${what}: the Compose key "${key}" is not supported`);
      else this.#unknownKey(keyLine, key, what, known);
    }
    return fields;
  }

  #unknownKey(line: number, key: string, what: string, known: readonly string[]): void {
    const meant = suggest(key, known);
    const remedy = meant === undefined ? `Known here: ${known.join(', ')}.` : `Did you mean "${meant}"?`;
    this.complain(line, `${what}: unknown key "${key}"`, remedy);
  }

  /** The entries of a mapping with free keys. An empty value has none. */
  entries(node: Node | undefined, what: string): ReadonlyMap<string, Entry> {
    if (isEmpty(node)) return new Map();
    if (node.kind === 'mapping') return node.entries;
    this.complain(node.line, `${what} must be a mapping`);
    return new Map();
  }

  items(node: Node | undefined, what: string): readonly Node[] {
    if (isEmpty(node)) return [];
    if (node.kind === 'sequence') return node.items;
    this.complain(node.line, `${what} must be a list`);
    return [];
  }

  text(node: Node | undefined, what: string): string | null {
    if (isEmpty(node)) return null;
    if (node.kind === 'scalar') return node.text;
    this.complain(node.line, `${what} must be a single value`);
    return null;
  }

  texts(node: Node | undefined, what: string): readonly string[] {
    return this.items(node, what).flatMap((item) => this.text(item, `an entry of ${what}`) ?? []);
  }

  /** One text or a list of them. */
  textOrTexts(node: Node | undefined, what: string): readonly string[] {
    return node?.kind === 'scalar' ? (node.isNull ? [] : [node.text]) : this.texts(node, what);
  }

  /** A command: a list as it is, a text split as a shell splits it. */
  command(node: Node | undefined, what: string): readonly string[] | null {
    if (isEmpty(node)) return null;
    if (node.kind !== 'scalar') return this.texts(node, what);
    const words = splitWords(node.text);
    return words ?? this.complain(node.line, `${what}: a quote is not closed in ${node.text}`) ?? null;
  }

  /** A mapping of texts, or a list of `name=value`. `missing` gives the value of a name alone; `undefined` leaves it out. */
  pairs(
    node: Node | undefined,
    what: string,
    missing: (name: string) => string | undefined = () => '',
    separator = '=',
  ): Record<string, string> {
    const pairs: Record<string, string> = {};
    const put = (name: string, value: string | null): void => {
      const found = value ?? missing(name);
      if (found !== undefined) pairs[name] = found;
    };
    if (node?.kind === 'sequence') {
      for (const text of this.texts(node, what)) {
        const at = text.indexOf(separator);
        if (at < 0) put(text, null);
        else put(text.slice(0, at), text.slice(at + separator.length));
      }
      return pairs;
    }
    for (const [name, { value }] of this.entries(node, what)) put(name, this.text(value, `${what}: ${name}`));
    return pairs;
  }

  boolean(node: Node | undefined, what: string): boolean | null {
    const text = this.text(node, what)?.toLowerCase();
    if (text === undefined) return null;
    if (text === 'true' || text === 'false') return text === 'true';
    return this.complain(node?.line ?? 1, `${what} must be true or false, not "${text}"`) ?? null;
  }

  integer(node: Node | undefined, what: string): number | null {
    return this.#number(node, what, 'a whole number', (text) => (/^-?\d+$/.test(text) ? Number(text) : undefined));
  }

  durationMs(node: Node | undefined, what: string): number | null {
    return this.#number(node, what, 'a duration such as 1m30s or 500ms', parseDurationMs);
  }

  bytes(node: Node | undefined, what: string): number | null {
    return this.#number(node, what, 'a size such as 64m or 1gb', parseBytes);
  }

  #number(
    node: Node | undefined,
    what: string,
    expected: string,
    parse: (text: string) => number | undefined,
  ): number | null {
    const text = this.text(node, what);
    if (text === null) return null;
    return parse(text) ?? this.complain(node?.line ?? 1, `${what} must be ${expected}, not "${text}"`) ?? null;
  }
}

function isEmpty(node: Node | undefined): node is undefined {
  return node === undefined || (node.kind === 'scalar' && node.isNull);
}

/** The mapping under a key, where there is one. */
export function child(mapping: Mapping, key: string): Node | undefined {
  return mapping.entries.get(key)?.value;
}
