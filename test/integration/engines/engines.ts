import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { installPackages } from '../../../scripts/debian-packages.ts';
import { temporaryFolder } from '../../support/repository.ts';

/** An engine of the tests' own, in namespaces of its own: the machine's engine, its bridges and its rules see nothing of it. */
export interface OtherEngine extends AsyncDisposable {
  /** Value for DOCKER_HOST. */
  readonly host: string;
  /** What the docker CLI prints of it. */
  docker(...args: string[]): string;
}

const startLimitMs = 60_000;
const isLinuxRoot = process.platform === 'linux' && process.getuid?.() === 0;

/** Podman's API service, with all of its folders in one that goes when it ends. A string: why there can be none. */
export async function podman(images: readonly string[]): Promise<OtherEngine | string> {
  if (!isLinuxRoot) return 'only root on Linux can start an engine beside the others';
  const packages = ['podman', 'netavark', 'aardvark-dns', 'conmon', 'iptables', 'runc', 'catatonit'];
  const why = installPackages(packages);
  if (why !== undefined) return why;
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder.path, name);
  // Limits of its own: without any it asks for more than a machine may allow. On cgroups of both versions at once only runc works.
  writeFileSync(
    at('containers.conf'),
    `[engine]
cgroup_manager="cgroupfs"
events_logger="file"
runtime="runc"
[containers]
default_ulimits=["nofile=1024:1024", "nproc=16384:16384"]
[network]
network_backend="netavark"
network_config_dir="${at('networks')}"
`,
  );
  folder.write(
    'start.sh',
    `mount -t tmpfs tmpfs /run && ip link set lo up && exec podman --root ${at('root')} --runroot ${at('run')} --tmpdir ${at('tmp')} \\
  --storage-driver overlay system service --time=0 unix://${at('sock')}`,
  );
  return engineIn(
    folder,
    ['--net', 'sh', at('start.sh')],
    { CONTAINERS_CONF: at('containers.conf') },
    at('sock'),
    images,
  );
}

const user = 'gymrootless';
/** Number of a user that is nowhere but in the engine's own view of /etc. */
const userId = 61_234;

/** A Docker engine that a user without rights has started. A string: why there can be none. */
export async function rootlessDocker(images: readonly string[]): Promise<OtherEngine | string> {
  if (!isLinuxRoot) return 'only root on Linux can make a user for an engine without rights';
  const why = installPackages(['rootlesskit', 'slirp4netns', 'uidmap', 'iptables']);
  if (why !== undefined) return why;
  const scripts = ['/usr/share/docker.io/contrib/dockerd-rootless.sh', '/usr/bin/dockerd-rootless.sh'];
  const script = scripts.find((each) => existsSync(each));
  if (script === undefined) return 'there is no dockerd-rootless.sh on this machine';
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder.path, name);
  for (const name of ['etc', 'home', 'run']) mkdirSync(at(name));
  const etc = {
    passwd: `${readFileSync('/etc/passwd', 'utf8')}${user}:x:${userId}:${userId}::${at('home')}:/bin/sh\n`,
    group: `${readFileSync('/etc/group', 'utf8')}${user}:x:${userId}:\n`,
    subuid: `${user}:2000000:65536\n`,
    subgid: `${user}:2000000:65536\n`,
  };
  for (const [name, content] of Object.entries(etc)) folder.write(`etc/${name}`, content);
  folder.write('daemon.json', '{}');
  chmodSync(folder.path, 0o755);
  // /dev/net/tun is for everybody on most machines; here it may be for root alone.
  folder.write(
    'start.sh',
    `set -e
mknod -m 666 ${at('tun')} c 10 200
chown -R ${userId}:${userId} ${at('home')} ${at('run')} ${folder.path}
for name in ${Object.keys(etc).join(' ')}; do
  [ -e /etc/$name ] || : >/etc/$name
  mount --bind ${at('etc')}/$name /etc/$name
done
[ ! -e /dev/net/tun ] || mount --bind ${at('tun')} /dev/net/tun
cd ${folder.path}
exec setpriv --reuid=${userId} --regid=${userId} --clear-groups ${script} --data-root ${at('data')} --exec-root ${at('run')}/exec \\
  --pidfile ${at('run')}/pid --config-file ${at('daemon.json')} --host unix://${at('run')}/sock`,
  );
  const env = { HOME: at('home'), XDG_RUNTIME_DIR: at('run') };
  return engineIn(folder, ['sh', at('start.sh')], env, join(at('run'), 'sock'), images);
}

/** Starts an engine as the only one in its process namespace: when that ends, all that it had goes, and all its mounts. */
async function engineIn(
  folder: ReturnType<typeof temporaryFolder>,
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  socket: string,
  images: readonly string[],
): Promise<OtherEngine | string> {
  const host = `unix://${socket}`;
  const log = join(folder.path, 'log');
  const output = openSync(log, 'w');
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const child = spawn('unshare', [...namespaces, ...command], {
    cwd: '/',
    stdio: ['ignore', output, output],
    env: { PATH: `/usr/sbin:/sbin:${process.env['PATH']}`, ...env },
  });
  const docker = (...args: string[]): string =>
    execFileSync('docker', ['--host', host, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  const dispose = async (): Promise<void> => {
    await end(child);
    removeCgroups();
    for (let tries = 0; tries < 20; tries += 1) {
      try {
        rmSync(folder.path, { recursive: true, force: true });
        return;
      } catch {
        // What was mounted goes a moment after the last process.
        await sleep(100);
      }
    }
  };
  const until = performance.now() + startLimitMs;
  for (;;) {
    try {
      docker('version');
      break;
    } catch {
      if (child.exitCode === null && performance.now() < until) {
        await sleep(100);
        continue;
      }
      const said = readFileSync(log, 'utf8').trim().split('\n').slice(-5).join('\n');
      await dispose();
      return said;
    }
  }
  for (const image of images) {
    execFileSync('sh', ['-c', 'docker save "$1" | docker --host "$2" load', 'sh', image, host], { stdio: 'ignore' });
  }
  return { host, docker, [Symbol.asyncDispose]: dispose };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  // The first of the namespace takes all others along. One that has changed its user does not end with `unshare`.
  const first = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim();
  if (/^\d+$/.test(first)) process.kill(Number(first), 'SIGKILL');
  else child.kill('SIGKILL');
  await ended;
}

/** Podman leaves empty ones; those that are in use stay. */
function removeCgroups(): void {
  const find = 'find /sys/fs/cgroup -depth -type d -path "*/libpod_parent*" -exec rmdir {} + 2>/dev/null || true';
  execFileSync('sh', ['-c', find], { stdio: 'ignore' });
}
