import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { MountModel } from './model.ts';
import type { Reader } from './reader.ts';
import type { Node } from './tree.ts';

const known = ['type', 'source', 'target', 'read_only', 'tmpfs', 'bind', 'volume', 'consistency'];

/** `volumes` of a service, short and long form. */
export function readMounts(reader: Reader, node: Node | undefined, directory: string): readonly MountModel[] {
  return reader
    .items(node, 'volumes')
    .flatMap(
      (item) =>
        (item.kind === 'scalar'
          ? shortForm(reader, item.text, item.line, directory)
          : longForm(reader, item, directory)) ?? [],
    );
}

function shortForm(reader: Reader, text: string, line: number, directory: string): MountModel | undefined {
  const parts = text.split(':');
  const [first, second, mode, ...more] = parts;
  if (first === undefined || first === '' || second === '' || more.length > 0) {
    return reader.complain(line, `volumes: "${text}" is none of TARGET, SOURCE:TARGET, SOURCE:TARGET:MODE`);
  }
  if (second === undefined) return { kind: 'anonymous', target: first, readOnly: false };
  const flags = mode === undefined ? [] : mode.split(',');
  const bad = flags.find((flag) => !['rw', 'ro', 'z', 'Z', 'cached', 'delegated', 'consistent'].includes(flag));
  if (bad !== undefined) return reader.complain(line, `volumes: the mode "${bad}" of "${text}" is not supported`);
  const readOnly = flags.includes('ro');
  if (isPath(first)) return { kind: 'bind', source: hostPath(first, directory), target: second, readOnly };
  return { kind: 'volume', source: first, target: second, readOnly };
}

function longForm(reader: Reader, node: Node, directory: string): MountModel | undefined {
  const fields = reader.fields(node, 'volumes', known);
  const type = reader.text(fields.get('type'), 'volumes: type');
  const source = reader.text(fields.get('source'), 'volumes: source');
  const target = reader.text(fields.get('target'), 'volumes: target');
  const readOnly = reader.boolean(fields.get('read_only'), 'volumes: read_only') ?? false;
  reader.fields(fields.get('bind'), 'volumes: bind', ['create_host_path']);
  reader.fields(fields.get('volume'), 'volumes: volume', [], ['nocopy', 'subpath']);
  const tmpfs = reader.fields(fields.get('tmpfs'), 'volumes: tmpfs', ['size', 'mode']);
  if (target === null) return reader.complain(node.line, 'volumes: "target" is missing');
  if (type === 'tmpfs') {
    const mode = reader.text(tmpfs.get('mode'), 'volumes: tmpfs: mode');
    const sizeBytes = reader.bytes(tmpfs.get('size'), 'volumes: tmpfs: size');
    return { kind: 'tmpfs', target, sizeBytes, options: mode === null ? '' : `mode=${mode.replace(/^0o?/, '')}` };
  }
  if (type === 'volume' && source === null) return { kind: 'anonymous', target, readOnly };
  if (source === null) return reader.complain(node.line, 'volumes: "source" is missing');
  if (type === 'volume') return { kind: 'volume', source, target, readOnly };
  if (type === 'bind') return { kind: 'bind', source: hostPath(source, directory), target, readOnly };
  return reader.complain(node.line, `volumes: the type must be volume, bind or tmpfs, not "${type ?? ''}"`);
}

/** `tmpfs`: one target or several, each with mount options after a colon. */
export function readTmpfs(reader: Reader, node: Node | undefined): readonly MountModel[] {
  return reader.textOrTexts(node, 'tmpfs').map((text) => {
    const at = text.indexOf(':');
    if (at < 0) return { kind: 'tmpfs', target: text, sizeBytes: null, options: '' };
    return { kind: 'tmpfs', target: text.slice(0, at), sizeBytes: null, options: text.slice(at + 1) };
  });
}

function isPath(source: string): boolean {
  return /^[./~]/.test(source);
}

function hostPath(source: string, directory: string): string {
  return resolve(directory, source.replace(/^~(?=$|\/)/, homedir()));
}
