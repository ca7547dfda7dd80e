// Installs Debian packages that only some tests need. As a program: `node scripts/debian-packages.ts NAME…`.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';

const installLimitMs = 180_000;
/** What package scripts ask before they start a service (invoke-rc.d): with this answer none is started. */
const policy = '/usr/sbin/policy-rc.d';

/** Sees to it that packages are installed; no service of theirs is started. Gives why they are not; `undefined`: they are. */
export function installPackages(names: readonly string[]): string | undefined {
  if (spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status !== 0) return 'there is no apt-get';
  const missing = names.filter((name) => !isInstalled(name));
  if (missing.length === 0) return undefined;
  if (process.getuid?.() !== 0) return `only root can install ${missing.join(', ')}`;
  const isOwnPolicy = !existsSync(policy);
  if (isOwnPolicy) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const install = ['-y', '-o', 'DPkg::Lock::Timeout=120', 'install', '--no-install-recommends', ...missing];
    // The lists may be missing, or older than the mirror.
    if (aptGet(install) === undefined) return undefined;
    aptGet(['-qq', 'update']);
    return aptGet(install);
  } finally {
    if (isOwnPolicy) rmSync(policy, { force: true });
  }
}

function isInstalled(name: string): boolean {
  const asked = spawnSync('dpkg-query', ['--show', '--showformat', '$' + '{db:Status-Status}', name], {
    encoding: 'utf8',
  });
  return asked.stdout === 'installed';
}

/** Why it failed. */
function aptGet(args: readonly string[]): string | undefined {
  try {
    execFileSync('apt-get', args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: installLimitMs,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    return undefined;
  } catch (error) {
    return `apt-get ${args.join(' ')}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

if (import.meta.main) {
  const why = installPackages(process.argv.slice(2));
  if (why !== undefined) console.error(why);
  process.exitCode = why === undefined ? 0 : 1;
}
