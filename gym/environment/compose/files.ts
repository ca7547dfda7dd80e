import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Problem } from '../../events/problem.ts';
import { suggest } from '../../task/suggest.ts';
import { parseDotenv } from './dotenv.ts';
import type { Lookup } from './interpolate.ts';
import { mergeMappings, settle } from './merge.ts';
import { Reader } from './reader.ts';
import { type Entry, type Mapping, type Node, parseTree, type Source, type Spot } from './tree.ts';

const resources = ['services', 'networks', 'volumes', 'secrets', 'configs'] as const;

/** What the files of an environment come to: one tree, with all `extends` and `include` resolved. */
export class Files {
  readonly problems: Problem[] = [];
  readonly notes: string[] = [];
  readonly unset = new Set<string>();
  /** All files that were read. */
  readonly read = new Set<string>();
  readonly #parsed = new Map<string, readonly Mapping[]>();

  /** Reads files and lays each over those before it. `trail`: the files that include them. */
  load(paths: readonly string[], of: Omit<Source, 'file'>, trail: readonly string[] = []): Mapping | undefined {
    let whole: Mapping | undefined;
    for (const path of paths) {
      for (const root of this.#parse({ ...of, file: path })) {
        const own = this.#include(this.#extendAll(root), [...trail, path]);
        whole = whole === undefined ? settle(own) : mergeMappings(whole, own, [], this.#complain);
      }
    }
    return whole;
  }

  readonly #complain = (at: Spot, message: string, remedy?: string): void => {
    const place = { file: at.source.file, line: at.line };
    this.problems.push({ kind: 'definition', message, place, ...(remedy !== undefined && { remedy }) });
  };

  #parse(source: Source, from?: Spot): readonly Mapping[] {
    const key = JSON.stringify([source.file, source.directory]);
    const known = this.#parsed.get(key);
    if (known !== undefined && from !== undefined) return known;
    const text = readText(source.file);
    if (text === undefined) {
      const message = `there is no Compose file ${source.file}`;
      if (from === undefined) this.problems.push({ kind: 'definition', message, place: { file: source.file } });
      else this.#complain(from, message);
      return [];
    }
    const tree = parseTree(source, text);
    this.read.add(source.file);
    this.problems.push(...tree.problems);
    for (const name of tree.unset) this.unset.add(name);
    this.#parsed.set(key, tree.roots);
    return tree.roots;
  }

  #extendAll(root: Mapping): Mapping {
    const services = root.entries.get('services');
    if (services?.value.kind !== 'mapping') return root;
    const { entries } = services.value;
    const extended = [...entries].map(([name, entry]): [string, Entry] => [
      name,
      { at: entry.at, value: this.#extend(name, entry, entries, []) },
    ]);
    const value: Mapping = { ...services.value, entries: new Map(extended) };
    return { ...root, entries: new Map([...root.entries, ['services', { at: services.at, value }]]) };
  }

  /** A service laid over the one that it extends. `trail`: what led here, as `file service`. */
  #extend(name: string, { value }: Entry, services: ReadonlyMap<string, Entry>, trail: readonly string[]): Node {
    const extending = value.kind === 'mapping' ? value.entries.get('extends') : undefined;
    if (value.kind !== 'mapping' || extending === undefined) return value;
    const reader = new Reader(value.source.lookup);
    const spec = extending.value;
    const fields =
      spec.kind === 'scalar'
        ? new Map<string, Node>([['service', spec]])
        : reader.fields(spec, 'services.*.extends', 'extends');
    const target = reader.text(fields.get('service'), 'extends: service');
    const file = reader.text(fields.get('file'), 'extends: file');
    this.problems.push(...reader.problems);
    const rest: Mapping = { ...value, entries: new Map([...value.entries].filter(([key]) => key !== 'extends')) };
    if (target === null) {
      if (reader.problems.length === 0) this.#complain(spec, 'extends: "service" is missing');
      return rest;
    }
    const step = `${spec.source.file} ${name}`;
    if (trail.includes(step)) {
      this.#complain(
        spec,
        `extends goes in a circle: ${[...trail, step].map((each) => each.split(' ').at(-1)).join(' -> ')}`,
      );
      return rest;
    }
    const others = file === null ? services : this.#servicesOf(file, spec);
    const base = others?.get(target);
    if (others !== undefined && base === undefined) {
      const meant = suggest(target, others.keys());
      const where = file === null ? '' : ` in ${resolve(spec.source.directory, file)}`;
      const remedy = meant === undefined ? undefined : `Did you mean "${meant}"?`;
      this.#complain(spec, `extends: there is no service "${target}"${where}`, remedy);
    }
    const resolved =
      base === undefined || others === undefined ? undefined : this.#extend(target, base, others, [...trail, step]);
    if (resolved?.kind !== 'mapping') return rest;
    return mergeMappings(settle(resolved), rest, ['services', name], this.#complain);
  }

  #servicesOf(file: string, from: Node): ReadonlyMap<string, Entry> | undefined {
    const path = resolve(from.source.directory, file);
    const roots = this.#parse({ file: path, directory: dirname(path), lookup: from.source.lookup }, from);
    if (roots.length === 0) return undefined;
    const all = roots.flatMap((root) => {
      const services = root.entries.get('services')?.value;
      return services?.kind === 'mapping' ? [...services.entries] : [];
    });
    return new Map(all);
  }

  #include(root: Mapping, trail: readonly string[]): Mapping {
    const including = root.entries.get('include')?.value;
    if (including === undefined) return root;
    const entries = new Map([...root.entries].filter(([key]) => key !== 'include'));
    const reader = new Reader(root.source.lookup);
    for (const item of reader.items(including, 'include')) {
      const fields =
        item.kind === 'scalar' ? new Map<string, Node>([['path', item]]) : reader.fields(item, 'include[]', 'include');
      const { directory } = item.source;
      const paths = reader.textOrTexts(fields.get('path'), 'include: path').map((path) => resolve(directory, path));
      const [first] = paths;
      if (first === undefined) reader.complain(item, 'include: "path" is missing');
      else if (trail.includes(first))
        this.#complain(item, `include goes in a circle: ${[...trail, first].join(' -> ')}`);
      else if (readText(first) === undefined) this.#complain(item, `include: there is no file ${first}`);
      else {
        const home = reader.text(fields.get('project_directory'), 'include: project_directory');
        const inner = home === null ? dirname(first) : resolve(directory, home);
        const named = reader.textOrTexts(fields.get('env_file'), 'include: env_file');
        const lookup = this.#lookupOf(item, named, inner);
        const included = this.load(paths, { directory: inner, lookup }, trail);
        if (included !== undefined) this.#import(included, entries, item);
      }
    }
    this.problems.push(...reader.problems);
    return { ...root, entries };
  }

  /** Variables from outside, then those of the env files, which are `.env` where none is named. */
  #lookupOf(item: Node, named: readonly string[], inner: string): Lookup {
    const { lookup: outer, directory } = item.source;
    const values: Record<string, string> = {};
    const files =
      named.length > 0
        ? named.map((file) => resolve(directory, file))
        : [join(inner, '.env')].filter((file) => readText(file) !== undefined);
    for (const file of files) {
      const text = readText(file);
      this.read.add(file);
      if (text === undefined) this.#complain(item, `include: there is no env_file ${file}`);
      else {
        const read = parseDotenv(text, outer, values);
        Object.assign(values, read.values);
        for (const { line, message } of read.problems) {
          this.problems.push({ kind: 'definition', message, place: { file, line } });
        }
      }
    }
    return (name) => outer(name) ?? values[name];
  }

  /** What is included stands beside what includes it; the same name with another content is a mistake. */
  #import(included: Mapping, entries: Map<string, Entry>, item: Node): void {
    for (const key of resources) {
      const from = included.entries.get(key);
      if (from?.value.kind !== 'mapping') continue;
      const own = entries.get(key);
      const into = own?.value.kind === 'mapping' ? own.value : { ...from.value, entries: new Map<string, Entry>() };
      const both = new Map(into.entries);
      for (const [name, entry] of from.value.entries) {
        const other = both.get(name);
        if (other === undefined) both.set(name, entry);
        else if (plain(other.value) !== plain(entry.value)) {
          this.#complain(
            item,
            `include: ${key} "${name}" is defined otherwise in ${other.at.source.file}:${other.at.line}`,
          );
        }
      }
      entries.set(key, { at: own?.at ?? from.at, value: { ...into, entries: both } });
    }
  }
}

/** The content of a tree as text, for comparing. */
function plain(node: Node): string {
  if (node.kind === 'scalar') return JSON.stringify([node.type, node.text]);
  if (node.kind === 'sequence') return `[${node.items.map(plain).join()}]`;
  const sorted = [...node.entries].sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, { value }]) => `${JSON.stringify(key)}:${plain(value)}`).join()}}`;
}

/** Contents of all files that were read, or looked for, by path; `undefined`: it could not be read. What was seen stays. */
const seen = new Map<string, string | undefined>();

/** The files that models were made of so far in this process: what they come to may depend on any of them. */
export const filesRead = (): ReadonlyMap<string, string | undefined> => seen;

/** `undefined`: it cannot be read. */
export function readText(path: string): string | undefined {
  const text = readOrNot(path);
  seen.set(path, text);
  return text;
}

function readOrNot(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
