// Side by side in one run: gym against what a user would use instead. Prints medians and ratios, and writes those of environments into
// docs/benchmarks.md. `npm run bench -- 9` takes nine rounds of each.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { benchCache } from './bench/cache.ts';
import { benchCheckout, fourServices } from './bench/checkout.ts';
import { benchFourServices, benchShuffle, benchState } from './bench/environments.ts';
import { benchGrowth } from './bench/growth.ts';
import { comparisonTable, writeFigures } from './bench/measure.ts';
import { benchSnapshot } from './bench/snapshot.ts';
import { benchTargets } from './bench/targets.ts';
import { benchWatch } from './bench/watch.ts';
import { benchWords } from './bench/words.ts';

const top = new URL('..', import.meta.url).pathname;
const gym = join(top, 'dist', 'gym.js');
const rounds = Math.max(1, Number(process.argv[2] ?? 7));

async function haveCompose(): Promise<boolean> {
  const present = async (): Promise<boolean> =>
    (await execa('docker', ['compose', 'version'], { reject: false })).exitCode === 0;
  if (await present()) return true;
  const installer = join(top, '..', 'shared', 'tools', 'compose-plugin');
  if (existsSync(installer)) await execa(installer, { reject: false });
  return present();
}

/** All about environments, as it stands in the document between its two marks. */
async function benchEnvironments(): Promise<void> {
  if (!(await haveCompose())) {
    console.log('\nEnvironments: docker compose cannot be had here, nothing is compared');
    return;
  }
  const comparisons = [
    await benchShuffle(rounds),
    ...(await benchFourServices(rounds)),
    ...(await benchState('10 MB', 10_000_000, rounds)),
    ...(await benchState('1 GB', 1_000_000_000, rounds)),
  ];
  const growth = await benchGrowth(Math.min(rounds, 3));
  const { stdout: engine } = await execa`docker version --format {{.Server.Version}}`;
  const { stdout: compose } = await execa`docker compose version --short`;
  const machine = `${cpus().length} CPUs, Docker Engine ${engine}, Docker Compose ${compose}, Node.js ${process.versions.node}`;
  const text = [
    `Measured on ${machine}; medians.`,
    comparisonTable(comparisons),
    growth,
    `A process that holds an environment of four services uses ${await idlePercent()} % of a core while nothing happens.`,
  ].join('\n\n');
  writeFigures('figures', text);
}

async function idlePercent(): Promise<string> {
  using checkout = benchCheckout('idle', fourServices);
  const file = join(checkout.path, 'envs', 'idle', 'compose.yaml');
  const idle = await execa(process.execPath, [
    join(top, 'scripts', 'bench', 'idle.ts'),
    file,
    join(checkout.path, 'logs'),
  ]);
  return idle.stdout.trim();
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
  const logs = readdirSync(folder).filter((file) => file.endsWith('.log'));
  const rawBytes = logs.reduce((sum, file) => sum + readFileSync(join(folder, file)).length, 0);
  console.log('\nWhat an agent has to read of a failing run');
  console.log(`  verdict                  ${String(verdictBytes).padStart(8)} bytes`);
  console.log(
    `  output of the stages     ${String(rawBytes).padStart(8)} bytes, in which the failure is not even told`,
  );
  console.log(`  ratio ${(verdictBytes / rawBytes).toFixed(2)}`);
}

console.log(`${rounds} rounds after a warm-up, in turn, ${cpus().length} CPUs; medians (least to most)`);
benchTargets();
await benchSnapshot();
await benchCache(rounds);
await benchWatch(rounds * 2);
await benchEnvironments();
await benchVerdict();
await benchWords();
