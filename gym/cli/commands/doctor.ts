import { statfsSync } from 'node:fs';
import { execa } from 'execa';
import { connectEngine } from '../../environment/engine.ts';
import type { CommandEnd, Context } from '../context.ts';
import { glyph, painter } from '../render/style.ts';

/** What one look at the machine found. */
interface Finding {
  readonly what: string;
  readonly state: 'pass' | 'fail' | 'unknown';
  readonly found: string;
  readonly remedy?: string;
}

const leastFreeBytes = 2 * 1024 ** 3;

/** `gym doctor`: what gym needs on this machine, and what to do where it is missing. Exit code 4 when something is. */
export async function run({ cwd, env, stdout }: Context): Promise<CommandEnd> {
  const findings = [node(), await git(), await engine(env), disk(cwd)];
  const paint = painter(stdout);
  for (const { what, state, found, remedy } of findings) {
    stdout.write(`${glyph(state, paint)} ${what.padEnd(16)} ${found}\n`);
    if (state !== 'pass' && remedy !== undefined) stdout.write(`  ${remedy}\n`);
  }
  return findings.some(({ state }) => state === 'fail') ? 4 : 0;
}

function node(): Finding {
  return { what: 'Node.js', state: 'pass', found: process.versions.node };
}

async function git(): Promise<Finding> {
  const said = await execa('git', ['--version'], { reject: false });
  if (said.exitCode === 0) return { what: 'git', state: 'pass', found: said.stdout.replace('git version ', '') };
  return {
    what: 'git',
    state: 'fail',
    found: 'cannot be run',
    remedy: 'Install git: snapshots and worktrees need it.',
  };
}

async function engine(env: Context['env']): Promise<Finding> {
  const connected = await connectEngine(env);
  if (!connected.ok) {
    const [{ message, remedy }] = connected.problems;
    return { what: 'Docker engine', state: 'fail', found: message, ...(remedy !== undefined && { remedy }) };
  }
  const { docker, address } = connected.value;
  const info = await connected.value.call('asking the engine about itself', () => docker.version());
  const version = info.ok ? `${info.value.Version} (API ${info.value.ApiVersion})` : 'of unknown version';
  return { what: 'Docker engine', state: 'pass', found: `${version} at ${address}` };
}

function disk(folder: string): Finding {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const found = `${(free / 1024 ** 3).toFixed(1)} GiB free`;
  if (free >= leastFreeBytes) return { what: 'disk', state: 'pass', found };
  return { what: 'disk', state: 'fail', found, remedy: 'Make room: images and logs need at least 2 GiB.' };
}
