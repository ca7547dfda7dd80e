// Side by side in one run: gym against what a user would use instead. Prints medians and ratios; judges nothing.
// `npm run bench -- 9` takes nine rounds of each.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

const top = new URL('..', import.meta.url).pathname;
const gym = join(top, 'dist', 'gym.js');
const rounds = Math.max(1, Number(process.argv[2] ?? 5));
const composeFile = join(top, 'envs', 'shuffle', 'compose.yaml');
const composeProject = `gymbench${process.pid}`;

interface Figure {
  readonly what: string;
  readonly ms: number[];
}

/** Runs commands in turn, A B A B …, so that both meet the same machine; gives each one's times. */
async function inTurn(
  figures: readonly { what: string; command: readonly string[]; after?: readonly string[] }[],
): Promise<Figure[]> {
  const times = figures.map(({ what }): Figure => ({ what, ms: [] }));
  for (let round = -1; round < rounds; round += 1) {
    for (const [index, { command, after }] of figures.entries()) {
      const ms = await timed(command);
      // The first round only warms up.
      if (round >= 0) times[index]?.ms.push(ms);
      if (after !== undefined) await timed(after);
    }
  }
  return times;
}

async function timed([program = '', ...args]: readonly string[]): Promise<number> {
  const started = performance.now();
  await execa(program, args, { cwd: top, stdin: 'ignore' });
  return performance.now() - started;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

function report(title: string, [ours, theirs]: readonly Figure[]): void {
  console.log(`\n${title}`);
  for (const figure of [ours, theirs]) {
    if (figure === undefined) continue;
    const [low, high] = [Math.min(...figure.ms), Math.max(...figure.ms)];
    console.log(
      `  ${figure.what.padEnd(52)} ${median(figure.ms).toFixed(0).padStart(7)} ms   (${low.toFixed(0)} to ${high.toFixed(0)})`,
    );
  }
  if (ours !== undefined && theirs !== undefined) {
    console.log(`  ratio of the medians ${(median(ours.ms) / median(theirs.ms)).toFixed(2)}`);
  }
}

async function haveCompose(): Promise<boolean> {
  const present = async (): Promise<boolean> =>
    (await execa('docker', ['compose', 'version'], { reject: false })).exitCode === 0;
  if (await present()) return true;
  const installer = join(top, '..', 'shared', 'tools', 'compose-plugin');
  if (existsSync(installer)) await execa(installer, { reject: false });
  return present();
}

async function benchEnvironment(): Promise<void> {
  const ours = {
    what: 'gym up shuffle',
    command: ['node', gym, 'up', 'shuffle'],
    after: ['node', gym, 'down', 'shuffle'],
  };
  const oursDown = {
    what: 'gym down shuffle',
    command: ['node', gym, 'down', 'shuffle'],
    after: ['node', gym, 'up', 'shuffle'],
  };
  if (!(await haveCompose())) {
    report('Environment up (docker compose cannot be had here: not compared)', await inTurn([ours]));
    return;
  }
  const compose = ['docker', 'compose', '-p', composeProject, '-f', composeFile];
  const up = [...compose, 'up', '-d', '--wait'];
  const down = [...compose, 'down', '-v', '-t', '0'];
  await execa('docker', [...compose.slice(1), 'build'], { cwd: top });
  report(
    'Environment up: four workers and a driver',
    await inTurn([ours, { what: 'docker compose up -d --wait', command: up, after: down }]),
  );
  await timed(ours.command);
  await timed(up);
  report(
    'Environment down',
    await inTurn([oursDown, { what: 'docker compose down -v -t 0', command: down, after: up }]),
  );
  await timed(ours.after);
  await timed(down);
  await execa('docker', [...compose.slice(1), 'down', '-v', '-t', '0', '--rmi', 'local'], { cwd: top });
}

async function benchStart(): Promise<void> {
  report(
    'Start',
    await inTurn([
      { what: 'gym --version', command: ['node', gym, '--version'] },
      { what: 'node -e 0', command: ['node', '-e', '0'] },
    ]),
  );
}

/** A failing verdict against what the same stages printed. */
async function benchVerdict(): Promise<void> {
  const run = await execa('node', [gym, 'verify', 'shuffle', '--fault', 'double-count-on-retry'], {
    cwd: top,
    reject: false,
    env: { SHUFFLE_BYTES: String(32 * 1024 * 1024), FORCE_COLOR: '0' },
  });
  const verdictBytes = Buffer.byteLength(run.stdout);
  const name = /gym show (\S+?):/.exec(run.stdout)?.[1];
  if (name === undefined) throw new Error(`no failing verdict:\n${run.stdout}\n${run.stderr}`);
  const folder = join(top, '.gym', 'runs', name, 'stages');
  const rawBytes = readdirSync(folder).reduce((sum, file) => sum + readFileSync(join(folder, file)).length, 0);
  console.log('\nWhat an agent has to read of a failing run');
  console.log(`  verdict                  ${String(verdictBytes).padStart(8)} bytes`);
  console.log(
    `  output of the stages     ${String(rawBytes).padStart(8)} bytes, in which the failure is not even told`,
  );
  console.log(`  ratio ${(verdictBytes / rawBytes).toFixed(2)}`);
}

console.log(`${rounds} rounds after a warm-up, in turn, ${cpus().length} CPUs; medians (least to most)`);
await benchStart();
await benchEnvironment();
await benchVerdict();
