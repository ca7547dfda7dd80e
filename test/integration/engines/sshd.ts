import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { installPackages } from '../../../scripts/debian-packages.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/repository.ts';

/** An ssh server on the loopback with keys of its own, and an ssh program that knows it as `engine-host`. */
export interface Sshd extends AsyncDisposable {
  readonly folder: TemporaryFolder;
  readonly port: number;
  /** Variables of a process whose `ssh` is the one that knows the server, or, by another configuration's name, does not. */
  ambient(config?: 'config' | 'stranger' | 'keyless'): NodeJS.ProcessEnv;
}

/** Starts it. A string: why there can be none. */
export async function sshd(): Promise<Sshd | string> {
  if (process.platform !== 'linux') return 'these tests know the ssh server of Debian only';
  const why = installPackages(['openssh-server', 'openssh-client']);
  if (why !== undefined) return why;
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder.path, name);
  for (const name of ['host', 'key', 'other']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)]);
  }
  // Where it separates rights it wants this folder, which an init script would have made.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const port = await freePort();
  folder.write(
    'sshd_config',
    `Port ${port}\nListenAddress 127.0.0.1\nHostKey ${at('host')}\nAuthorizedKeysFile ${at('key.pub')}\nStrictModes no
PermitRootLogin prohibit-password\nPasswordAuthentication no\nUsePAM no\nPidFile none\n`,
  );
  const hostKey = execFileSync('cut', ['-d', ' ', '-f', '1,2', at('host.pub')], { encoding: 'utf8' });
  folder.write('known', `[127.0.0.1]:${port} ${hostKey}`);
  folder.write('none', '');
  const write = (name: string, key: string, known: string): void => {
    const lines = [`HostName 127.0.0.1`, `Port ${port}`, `User ${userInfo().username}`, `IdentityFile ${at(key)}`];
    const options = ['IdentitiesOnly yes', `UserKnownHostsFile ${at(known)}`, 'GlobalKnownHostsFile none'];
    folder.write(`${name}/config`, ['Host engine-host', ...lines, ...options, ''].join('\n'));
    // ssh takes its home folder from the list of users, not from HOME.
    folder.write(`${name}/ssh`, `#!/bin/sh\nexec /usr/bin/ssh -F ${at(name)}/config "$@"\n`);
    chmodSync(at(`${name}/ssh`), 0o755);
  };
  write('config', 'key', 'known');
  write('stranger', 'key', 'none');
  write('keyless', 'other', 'known');
  const child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', at('sshd_config')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const dispose = async (): Promise<void> => {
    if (child.exitCode === null) {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    }
    folder[Symbol.dispose]();
  };
  const until = performance.now() + 10_000;
  while (!(await answers(port))) {
    if (child.exitCode === null && performance.now() < until) {
      await sleep(50);
      continue;
    }
    await dispose();
    return `sshd does not run: ${said}`;
  }
  const { SSH_AUTH_SOCK: _, ...own } = process.env;
  return {
    folder,
    port,
    ambient: (config = 'config') => ({
      ...own,
      PATH: `${at(config)}:${process.env['PATH']}`,
      DOCKER_HOST: 'ssh://engine-host',
    }),
    [Symbol.asyncDispose]: dispose,
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port');
  return address.port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve(true);
    }).on('error', () => resolve(false));
  });
}
