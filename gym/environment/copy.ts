import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { failed, ok, type Result } from '../events/problem.ts';
import type { Engine } from './engine.ts';
import { helperImage } from './helper.ts';
import { label } from './labels.ts';

const copyLimitMs = 10 * 60_000;

/** Another one each time: a volume is removed by its name, and one that is late must not remove what a later environment has made. */
export function volumeName(prefix: string, name: string): string {
  return `${prefix}_${name}-${randomBytes(4).toString('hex')}`;
}

/**
 * Copies all that is in a volume into an empty one, with owners, modes and times. Where this process sees the engine's files that costs
 * no container, and no more than the file system needs.
 */
export async function copyVolume(
  engine: Engine,
  from: string,
  to: string,
  labels: Readonly<Record<string, string>>,
): Promise<Result<void>> {
  const [source, target] = await Promise.all([folderOf(engine, from), folderOf(engine, to)]);
  if (source === undefined || target === undefined) return copyInside(engine, from, to, labels);
  const copied = await engine.call(
    `copying the volume ${from}`,
    () => promisify(execFile)('cp', ['-a', '--reflink=auto', `${source}/.`, target]),
    copyLimitMs,
  );
  return copied.ok ? ok(undefined) : copied;
}

/** Where a volume's files are, if this process sees them and may do with them as the engine does. */
async function folderOf(engine: Engine, volume: string): Promise<string | undefined> {
  // Podman gives a volume the owner and mode of the image's folder when it is mounted first: what is copied then stays.
  if (engine.tunnel !== null || engine.isPodman) return undefined;
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  const inspected = await engine.call('looking at a volume', () => engine.docker.getVolume(volume).inspect());
  if (!inspected.ok) return undefined;
  const { Mountpoint: folder } = inspected.value;
  // The name is the engine's own: a folder of that name is the one that the engine means.
  return folder.includes(volume) && existsSync(folder) ? folder : undefined;
}

async function copyInside(
  engine: Engine,
  from: string,
  to: string,
  labels: Readonly<Record<string, string>>,
): Promise<Result<void>> {
  // The engine makes a volume that has gone meanwhile anew: with its labels a sweep finds it.
  const VolumeOptions = { NoCopy: true, Labels: { ...labels }, DriverConfig: { Name: 'local', Options: {} } };
  const copied = await engine.call(
    `copying the volume ${from}`,
    async () => {
      const container = await engine.docker.createContainer({
        Image: helperImage,
        Entrypoint: ['cp', '-a', '/from/.', '/to'],
        Cmd: [],
        User: '0:0',
        Labels: { ...labels, [label.helper]: 'copy' },
        HostConfig: {
          NetworkMode: 'none',
          Mounts: [
            { Type: 'volume', Source: from, Target: '/from', ReadOnly: true, VolumeOptions },
            { Type: 'volume', Source: to, Target: '/to', VolumeOptions },
          ],
        },
      });
      await container.start();
      const end: unknown = await container.wait();
      await container.remove({ force: true });
      return typeof end === 'object' && end !== null ? Reflect.get(end, 'StatusCode') : -1;
    },
    copyLimitMs,
  );
  if (!copied.ok) return copied;
  if (copied.value === 0) return ok(undefined);
  return failed({
    kind: 'environment',
    message: `the volume ${from} could not be copied: cp ended with ${copied.value}`,
  });
}

/**
 * Makes a volume that shows a golden one's content and keeps what is written to it for itself: an overlay, the same time whatever the
 * size. `undefined`: this process does not see the engine's files.
 */
export async function makeOverlay(
  engine: Engine,
  golden: string,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<Result<string> | undefined> {
  const lower = await folderOf(engine, golden);
  if (lower === undefined) return undefined;
  const layer = await engine.call('making a volume', () =>
    engine.docker.createVolume({ Name: `${name}.layer`, Labels: { ...labels } }),
  );
  if (!layer.ok) return layer;
  const folder = await folderOf(engine, `${name}.layer`);
  if (folder === undefined) return undefined;
  const [upper, work] = [join(folder, 'upper'), join(folder, 'work')];
  const made = await engine.call(`making the volume ${name}`, async () => {
    await Promise.all([mkdir(upper), mkdir(work)]);
    // The top folder of what is seen is the upper one's.
    const { uid, gid, mode } = await stat(lower);
    await chown(upper, uid, gid);
    await chmod(upper, mode & 0o7777);
    await engine.docker.createVolume({
      Name: name,
      DriverOpts: { type: 'overlay', device: 'overlay', o: `lowerdir=${lower},upperdir=${upper},workdir=${work}` },
      Labels: { ...labels },
    });
  });
  return made.ok ? ok(name) : made;
}
