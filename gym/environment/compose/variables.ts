import { resolve } from 'node:path';
import { parseDotenv, parseRawEnv } from './dotenv.ts';
import { readText } from './files.ts';
import type { Lookup } from './interpolate.ts';
import { type Reader, uniqueBy } from './reader.ts';
import type { Node } from './tree.ts';

interface PairsFile {
  readonly at: Node;
  /** Absolute path. */
  readonly file: string;
  readonly required: boolean;
  readonly isRaw: boolean;
}

/** The variables of a service: of its `env_file`s, then its own. */
export function readEnvironment(
  reader: Reader,
  files: Node | undefined,
  own: Node | undefined,
): Record<string, string> {
  const written = reader.pairs(own, 'environment', 'inherit');
  const values = readFiles(reader, envFiles(reader, files), (name) => reader.lookup(name) ?? written[name], 'env_file');
  // A name without a value hides what the files say of it, even where no variable gives it one.
  for (const name of reader.pairNames(own)) delete values[name];
  return { ...values, ...written };
}

/** The labels of a service: of its `label_file`s, then its own. */
export function readLabels(reader: Reader, files: Node | undefined, own: Node | undefined): Record<string, string> {
  const named = itemsOf(files).flatMap((at): PairsFile[] => {
    const path = reader.text(at, 'label_file');
    return path === null ? [] : [{ at, file: resolve(at.source.directory, path), required: true, isRaw: false }];
  });
  return { ...readFiles(reader, named, reader.lookup, 'label_file'), ...reader.pairs(own, 'labels') };
}

/** Each file once: at its first place, in its last form. */
function envFiles(reader: Reader, node: Node | undefined): readonly PairsFile[] {
  const files = itemsOf(node).flatMap((at): PairsFile[] => {
    const fields =
      at.kind === 'scalar' ? new Map([['path', at]]) : reader.fields(at, 'services.*.env_file[]', 'env_file');
    const path = reader.text(fields.get('path'), 'env_file: path');
    const required = reader.boolean(fields.get('required'), 'env_file: required') ?? true;
    const format = reader.text(fields.get('format'), 'env_file: format');
    if (path === null) reader.complain(at, 'env_file: "path" is missing');
    if (format !== null && format !== 'raw') {
      reader.complain(at, `env_file: the format is "raw" or none, not "${format}"`);
    }
    return path === null ? [] : [{ at, file: resolve(at.source.directory, path), required, isRaw: format === 'raw' }];
  });
  return uniqueBy(files, ({ file }) => file);
}

function itemsOf(node: Node | undefined): readonly Node[] {
  if (node === undefined) return [];
  return node.kind === 'sequence' ? node.items : [node];
}

function readFiles(reader: Reader, files: readonly PairsFile[], lookup: Lookup, what: string): Record<string, string> {
  let values: Record<string, string> = {};
  for (const { at, file, required, isRaw } of files) {
    const text = readText(file);
    reader.files.add(file);
    if (text === undefined) {
      if (required) reader.complain(at, `${what}: there is no file ${file}`);
      continue;
    }
    const parsed = isRaw ? parseRawEnv(text, lookup) : parseDotenv(text, lookup, values);
    for (const { line, message } of parsed.problems) reader.complain(at, `${what}: ${file}:${line}: ${message}`);
    values = { ...values, ...parsed.values };
  }
  return values;
}
