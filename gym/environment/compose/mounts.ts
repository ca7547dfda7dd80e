import { homedir } from 'node:os';
import { posix, resolve } from 'node:path';
import type { MountModel, StoreMount, TmpfsModel } from './model.ts';
import { type BindRecursion, bindRecursions } from './model-mounts.ts';
import { type Reader, uniqueBy } from './reader.ts';
import type { Node, Scalar, Source } from './tree.ts';

const propagations = ['rprivate', 'private', 'rshared', 'shared', 'rslave', 'slave'];

/** `volumes` of a service, short and long form. */
export function readMounts(reader: Reader, node: Node | undefined): readonly MountModel[] {
  const mounts = reader
    .items(node, 'volumes')
    .flatMap((item) => (item.kind === 'scalar' ? shortForm(reader, item) : longForm(reader, item)) ?? []);
  return uniqueBy(mounts, ({ target }) => target);
}

function shortForm(reader: Reader, item: Scalar): MountModel | undefined {
  const { text } = item;
  const [first, second, mode, ...more] = text.split(':');
  if (first === undefined || first === '' || second === '' || more.length > 0) {
    return reader.complain(item, `volumes: "${text}" is none of TARGET, SOURCE:TARGET, SOURCE:TARGET:MODE`);
  }
  if (second === undefined)
    return { kind: 'anonymous', target: clean(first), readOnly: false, noCopy: false, labels: {} };
  const flags = mode === undefined ? [] : mode.split(',');
  const known = ['rw', 'ro', 'z', 'Z', 'nocopy', 'cached', 'delegated', 'consistent', ...propagations];
  const bad = flags.find((flag) => !known.includes(flag));
  if (bad !== undefined) return reader.complain(item, `volumes: the mode "${bad}" of "${text}" is not supported`);
  const readOnly = flags.includes('ro') && flags.lastIndexOf('ro') > flags.lastIndexOf('rw');
  const target = clean(second);
  if (!/^[./~]/.test(first)) {
    return { kind: 'volume', source: first, target, readOnly, noCopy: flags.includes('nocopy'), labels: {} };
  }
  return {
    kind: 'bind',
    source: hostPath(first, item.source),
    target,
    readOnly,
    // The short form has always made what is missing.
    createHostPath: true,
    propagation: flags.findLast((flag) => propagations.includes(flag)) ?? null,
    selinux: flags.findLast((flag) => flag === 'z' || flag === 'Z') ?? null,
    recursive: null,
  };
}

function longForm(reader: Reader, node: Node): MountModel | undefined {
  const fields = reader.fields(node, 'services.*.volumes[]', 'volumes');
  const text = (key: string): string | null => reader.text(fields.get(key), `volumes: ${key}`);
  const [type, source, target] = [text('type'), text('source'), text('target')];
  const readOnly = reader.boolean(fields.get('read_only'), 'volumes: read_only') ?? false;
  if (target === null) return reader.complain(node, 'volumes: "target" is missing');
  if (type === 'tmpfs') {
    const tmpfs = reader.fields(fields.get('tmpfs'), 'services.*.volumes[].tmpfs', 'volumes: tmpfs');
    const sizeBytes = reader.bytes(tmpfs.get('size'), 'volumes: tmpfs: size');
    return {
      kind: 'tmpfs',
      target: clean(target),
      readOnly,
      sizeBytes,
      mode: reader.mode(tmpfs.get('mode'), 'volumes: tmpfs: mode'),
    };
  }
  if (type === 'volume') {
    const volume = reader.fields(fields.get('volume'), 'services.*.volumes[].volume', 'volumes: volume');
    const noCopy = reader.boolean(volume.get('nocopy'), 'volumes: volume: nocopy') ?? false;
    const labels = reader.pairs(volume.get('labels'), 'volumes: volume: labels');
    if (source === null || source === '') return { kind: 'anonymous', target: clean(target), readOnly, noCopy, labels };
    return { kind: 'volume', source, target: clean(target), readOnly, noCopy, labels };
  }
  if (type !== 'bind')
    return reader.complain(node, `volumes: the type must be volume, bind or tmpfs, not "${type ?? ''}"`);
  if (source === null) return reader.complain(node, 'volumes: "source" is missing');
  const bind = reader.fields(fields.get('bind'), 'services.*.volumes[].bind', 'volumes: bind');
  const option = (key: string): string | null => reader.text(bind.get(key), `volumes: bind: ${key}`);
  return {
    kind: 'bind',
    source: hostPath(source, node.source),
    target: clean(target),
    readOnly,
    createHostPath: reader.boolean(bind.get('create_host_path'), 'volumes: bind: create_host_path') ?? false,
    propagation: option('propagation'),
    selinux: option('selinux'),
    recursive: readRecursive(reader, bind.get('recursive')),
  };
}

function readRecursive(reader: Reader, node: Node | undefined): BindRecursion | null {
  const text = reader.text(node, 'volumes: bind: recursive');
  const known = bindRecursions.find((each) => each === text);
  if (text !== null && known === undefined && node !== undefined) {
    reader.complain(node, `volumes: bind: recursive is one of ${bindRecursions.join(', ')}, not "${text}"`);
  }
  return known ?? null;
}

/** `tmpfs`: one target or several, each with mount options after a colon. */
export function readTmpfs(reader: Reader, node: Node | undefined): readonly TmpfsModel[] {
  return reader.uniqueTexts(node, 'tmpfs').map((text) => {
    const at = text.indexOf(':');
    return at < 0 ? { target: text, options: '' } : { target: text.slice(0, at), options: text.slice(at + 1) };
  });
}

/** `secrets` and `configs` of a service: names, or names with a place. */
export function readStoreMounts(
  reader: Reader,
  node: Node | undefined,
  kind: 'secrets' | 'configs',
): readonly StoreMount[] {
  const mounts = reader.items(node, kind).flatMap((item): StoreMount[] => {
    if (item.kind === 'scalar') return [{ source: item.text, target: null, uid: null, gid: null, mode: null }];
    const fields = reader.fields(item, `services.*.${kind}[]`, kind);
    const text = (key: string): string | null => reader.text(fields.get(key), `${kind}: ${key}`);
    const source = text('source');
    if (source === null) reader.complain(item, `${kind}: "source" is missing`);
    const mode = reader.mode(fields.get('mode'), `${kind}: mode`);
    return source === null ? [] : [{ source, target: text('target'), uid: text('uid'), gid: text('gid'), mode }];
  });
  return uniqueBy(mounts, (mount) => storeTarget(mount, kind));
}

/** Where a secret or config is in its container. */
export function storeTarget({ source, target }: StoreMount, kind: 'secrets' | 'configs'): string {
  const home = kind === 'secrets' ? '/run/secrets' : '/';
  return posix.resolve(home, target ?? source);
}

/** An absolute path of the host. */
export function hostPath(path: string, { directory, lookup }: Source): string {
  return resolve(
    directory,
    path.replace(/^~(?=$|\/)/, () => lookup('HOME') ?? homedir()),
  );
}

/** As Go's path.Clean does it. */
function clean(target: string): string {
  const path = posix.normalize(target);
  return path.length > 1 ? path.replace(/\/$/, '') : path;
}
