import type { Problem } from '../../events/problem.ts';
import { known, suggest } from '../../task/suggest.ts';
import type { Lookup } from './interpolate.ts';
import { composeKeys, type KeySupport, type Keys, type Scope } from './keys.ts';
import type { Entry, Mapping, Node, Spot } from './tree.ts';
import { parseBytes, parseDurationMs } from './units.ts';
import { splitWords } from './words.ts';

/**
 * Reads values out of the tree. What is wrong is collected with its place, and reading goes on with `undefined` or nothing,
 * so that one look at the files finds all that is wrong in them.
 */
export class Reader {
  #problems: readonly Problem[] = [];
  #notes: { readonly service: string | undefined; readonly text: string }[] = [];
  /** Gives names without a value their variable's. That of the whole project, whatever an included file fills in: as with Compose. */
  readonly lookup: Lookup;
  /** The service that is being read, for the places of problems. */
  service: string | undefined;
  /** Files of variables and labels that were looked for: absolute paths. */
  readonly files = new Set<string>();

  constructor(lookup: Lookup) {
    this.lookup = lookup;
  }

  get problems(): readonly Problem[] {
    return this.#problems;
  }

  complain(at: Spot, message: string, remedy?: string): undefined {
    const place = { file: at.source.file, line: at.line, ...(this.service !== undefined && { service: this.service }) };
    const problem: Problem = { kind: 'definition', message, place, ...(remedy !== undefined && { remedy }) };
    this.#problems = [...this.#problems, problem];
  }

  note(text: string): void {
    this.#notes.push({ service: this.service, text });
  }

  /** Forgets what was said of a service that is left out: it is in nobody's way. */
  forget(service: string): void {
    this.#notes = this.#notes.filter((note) => note.service !== service);
    this.#problems = this.#problems.filter(({ place }) => place?.service !== service);
  }

  /** What was noted, each once with the services that it is about. */
  notes(): readonly string[] {
    return [...Map.groupBy(this.#notes, ({ text }) => text)].map(([text, of]) => {
      const services = of.flatMap(({ service }) => service ?? []);
      if (services.length === 0) return text;
      return `${services.length > 1 ? 'services' : 'service'} ${services.join(', ')}: ${text}`;
    });
  }

  /** The supported keys of a mapping. One that is ignored gives a note, any other is a problem. */
  fields(node: Node | undefined, scope: Scope | Keys, what: string): ReadonlyMap<string, Node> {
    const keys: Keys = typeof scope === 'string' ? composeKeys[scope] : scope;
    const fields = new Map<string, Node>();
    for (const [key, { at, value }] of this.entries(node, what)) {
      const support = Object.hasOwn(keys, key) ? keys[key] : undefined;
      if (support?.is === 'supported') fields.set(key, value);
      else if (support?.is === 'ignored') this.#ignored(key, value, what, support);
      else if (support?.is === 'unsupported') {
        this.complain(at, `${this.#within(what)}the key "${key}" is not supported`, `Why: ${support.because}.`);
      } else if (!key.startsWith('x-')) this.#unknownKey(at, key, what, Object.keys(keys));
    }
    return fields;
  }

  #ignored(key: string, value: Node, what: string, { because, quiet }: Extract<KeySupport, { is: 'ignored' }>): void {
    const says = value.kind === 'scalar' ? ` "${value.text}"` : '';
    if (quiet === true || (key === 'restart' && says === ' "no"')) return;
    this.note(`${what === 'the file' ? '' : this.#within(what)}${key}${says} has no effect: ${because}`);
  }

  #unknownKey(at: Spot, key: string, what: string, keys: readonly string[]): void {
    const meant = suggest(key, keys);
    const remedy = meant === undefined ? known('keys here', keys) : `Did you mean "${meant}"?`;
    this.complain(at, `${this.#within(what)}unknown key "${key}"`, remedy);
  }

  /** The place names the service already. */
  #within(what: string): string {
    return what === `service ${this.service}` ? '' : `${what}: `;
  }

  /** The entries of a mapping with free keys. An empty value has none. */
  entries(node: Node | undefined, what: string): ReadonlyMap<string, Entry> {
    if (isEmpty(node)) return new Map();
    if (node.kind === 'mapping') return node.entries;
    this.complain(node, `${what} must be a mapping`);
    return new Map();
  }

  items(node: Node | undefined, what: string): readonly Node[] {
    if (isEmpty(node)) return [];
    if (node.kind === 'sequence') return node.items;
    this.complain(node, `${what} must be a list`);
    return [];
  }

  text(node: Node | undefined, what: string): string | null {
    if (isEmpty(node)) return null;
    if (node.kind === 'scalar') return node.text;
    this.complain(node, `${what} must be a single value`);
    return null;
  }

  texts(node: Node | undefined, what: string): readonly string[] {
    return this.items(node, what).flatMap((item) => this.text(item, `an entry of ${what}`) ?? []);
  }

  /** One text or a list of them, each once. */
  uniqueTexts(node: Node | undefined, what: string): readonly string[] {
    return uniqueBy(this.textOrTexts(node, what), (text) => text);
  }

  /** One text or a list of them. */
  textOrTexts(node: Node | undefined, what: string): readonly string[] {
    return node?.kind === 'scalar' ? (node.type === 'null' ? [] : [node.text]) : this.texts(node, what);
  }

  /** A command: a list as it is, a text split as a shell splits it. */
  command(node: Node | undefined, what: string): readonly string[] | null {
    if (isEmpty(node)) return null;
    if (node.kind !== 'scalar') return this.texts(node, what);
    const words = splitWords(node.text);
    return words ?? this.complain(node, `${what}: a quote is not closed in ${node.text}`) ?? null;
  }

  /** A mapping of texts, or a list of `name=value`. `inherit`: a name alone takes its variable's value, and is left out where that is not set. */
  pairs(node: Node | undefined, what: string, alone: 'empty' | 'inherit' = 'empty'): Record<string, string> {
    const pairs: Record<string, string> = {};
    const put = (name: string, value: string | null): void => {
      const found = value ?? (alone === 'inherit' ? this.lookup(name) : '');
      if (found !== undefined) pairs[name] = found;
      // A later list entry without a value takes away what an earlier one said.
      else delete pairs[name];
    };
    if (node?.kind === 'sequence') {
      for (const item of node.items) {
        const text = this.text(item, what) ?? '';
        const at = text.indexOf('=');
        if (at < 0) put(text, null);
        else put(text.slice(0, at), text.slice(at + 1));
      }
      return pairs;
    }
    for (const [name, { value }] of this.entries(node, what)) put(name, this.text(value, `${what}: ${name}`));
    return pairs;
  }

  /** The names in what `pairs` reads. */
  pairNames(node: Node | undefined): readonly string[] {
    if (node?.kind === 'mapping') return [...node.entries.keys()];
    const items = node?.kind === 'sequence' ? node.items : [];
    return items.flatMap((item) => (item.kind === 'scalar' ? [item.text.split('=')[0] ?? ''] : []));
  }

  boolean(node: Node | undefined, what: string): boolean | null {
    const text = this.text(node, what)?.toLowerCase();
    if (node === undefined || text === undefined) return null;
    if (['true', 'yes', 'y', 'on'].includes(text)) return true;
    if (['false', 'no', 'n', 'off'].includes(text)) return false;
    return this.complain(node, `${what} must be true or false, not "${text}"`) ?? null;
  }

  integer(node: Node | undefined, what: string): number | null {
    return this.#number(node, what, 'a whole number', (text) => (/^-?\d+$/.test(text) ? Number(text) : undefined));
  }

  number(node: Node | undefined, what: string): number | null {
    return this.#number(node, what, 'a number', (text) =>
      /^-?\d*\.?\d+(?:e[-+]?\d+)?$/i.test(text) ? Number(text) : undefined,
    );
  }

  durationMs(node: Node | undefined, what: string): number | null {
    return this.#number(node, what, 'a duration such as 1m30s or 500ms', parseDurationMs);
  }

  bytes(node: Node | undefined, what: string): number | null {
    return this.#number(node, what, 'a size such as 64m or 1gb', parseBytes);
  }

  /** A file's mode: a number as it is, a text as octal. */
  mode(node: Node | undefined, what: string): number | null {
    const isNumber = node?.kind === 'scalar' && node.type === 'number';
    if (isNumber) return this.integer(node, what);
    return this.#number(node, what, 'a mode such as 0440', (text) =>
      /^(?:0o?)?[0-7]+$/.test(text) ? Number.parseInt(text.replace('o', ''), 8) : undefined,
    );
  }

  #number(
    node: Node | undefined,
    what: string,
    expected: string,
    parse: (text: string) => number | undefined,
  ): number | null {
    const text = this.text(node, what);
    if (text === null || node === undefined) return null;
    return parse(text) ?? this.complain(node, `${what} must be ${expected}, not "${text}"`) ?? null;
  }
}

/** Each once: at the first place of its key, with the last value. */
export function uniqueBy<Value>(values: readonly Value[], key: (value: Value) => string): readonly Value[] {
  return [...new Map(values.map((value) => [key(value), value])).values()];
}

function isEmpty(node: Node | undefined): node is undefined {
  return node === undefined || (node.kind === 'scalar' && node.type === 'null');
}

/** The mapping under a key, where there is one. */
export function child(mapping: Mapping, key: string): Node | undefined {
  return mapping.entries.get(key)?.value;
}
