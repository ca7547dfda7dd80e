// What is not run twice: a verification of the very same beside a pipeline of turbo that is cached as a whole, one after a line was changed beside the
// bare commands, and the start of the program. `node scripts/bench/cache.ts` runs it alone.
import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, table, timed, writeFigures } from './measure.ts';

const top = join(import.meta.dirname, '../..');
const gym = [process.execPath, join(top, 'dist', 'gym.js')];
const stages = ['unit', 'integration', 'e2e'];

interface Row {
  readonly what: string;
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
  readonly aimRatio: number;
  readonly aimMs?: number;
}

/** Measures all of it and writes the table. */
export async function benchCache(rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gym-bench-cache-'));
  try {
    const rows = [
      await start(rounds, folder),
      await cached(rounds, folder),
      ...(await changed(Math.min(rounds, 5), folder)),
    ];
    const header = ['what', 'gym, ms', 'beside it, ms', 'ratio', 'aim', 'rounds'];
    writeFigures('cache', table(header, rows.map(line)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function line({ what, ours, theirs, aimRatio, aimMs }: Row): string[] {
  const [own, other] = [median(ours), median(theirs)];
  const ratio = own / other;
  const isReached = ratio <= aimRatio && own <= (aimMs ?? Number.POSITIVE_INFINITY);
  const aim = `${aimRatio.toFixed(2)}${aimMs === undefined ? '' : ` and ${aimMs} ms`}`;
  return [
    what,
    own.toFixed(0),
    other.toFixed(0),
    ratio.toFixed(2),
    `${aim}, ${isReached ? 'reached' : '**not reached**'}`,
    String(ours.length),
  ];
}

/** Two things in turn, so that both meet the same machine; the first round only warms up. */
async function inTurn(
  rounds: number,
  ours: () => Promise<number>,
  theirs: () => Promise<number>,
): Promise<Pick<Row, 'ours' | 'theirs'>> {
  const times = { ours: [] as number[], theirs: [] as number[] };
  for (let round = -1; round < rounds; round += 1) {
    const [own, other] = [await ours(), await theirs()];
    if (round < 0) continue;
    times.ours.push(own);
    times.theirs.push(other);
  }
  return times;
}

async function start(rounds: number, folder: string): Promise<Row> {
  const times = await inTurn(
    rounds * 3,
    () => timed([...gym, '--version'], folder),
    () => timed([process.execPath, '-e', '0'], folder),
  );
  return { what: '`gym --version`, beside `node -e 0`', ...times, aimRatio: 2.5 };
}

/** The shuffle in a repository of its own. */
export function shuffleIn(folder: string, name: string): string {
  const path = join(folder, name);
  cpSync(join(top, 'envs', 'shuffle'), join(path, 'envs', 'shuffle'), { recursive: true });
  commitAll(path);
  return path;
}

/** Makes a folder a repository with all that is in it. */
export function commitAll(path: string): void {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=b', '-c', 'user.email=b@b', ...args], { cwd: path });
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('commit', '-qm', 'first');
}

/** The same files, and a script for each stage, as a pipeline of turbo. */
async function turboIn(folder: string): Promise<{ readonly path: string; readonly command: readonly string[] }> {
  const path = join(folder, 'turbo');
  mkdirSync(path);
  cpSync(join(top, 'envs', 'shuffle'), path, { recursive: true });
  const scripts = Object.fromEntries(stages.map((name) => [name, `echo ${name} ran`]));
  const manifest = { name: 'shuffle', version: '1.0.0', packageManager: 'npm@11.0.0', scripts };
  writeFileSync(join(path, 'package.json'), JSON.stringify(manifest));
  const tasks = Object.fromEntries(
    stages.map((name, index) => [name, index === 0 ? {} : { dependsOn: [stages[index - 1]] }]),
  );
  writeFileSync(join(path, 'turbo.json'), JSON.stringify({ tasks }));
  writeFileSync(join(path, '.gitignore'), 'node_modules\n.turbo\n');
  await timed(['npm', 'install', '--no-audit', '--no-fund', '--save-dev', 'turbo'], path);
  commitAll(path);
  return { path, command: [join(path, 'node_modules', '.bin', 'turbo'), 'run', ...stages] };
}

async function cached(rounds: number, folder: string): Promise<Row> {
  const path = shuffleIn(folder, 'cached');
  const turbo = await turboIn(folder);
  const env = { TURBO_TELEMETRY_DISABLED: '1' };
  await timed([...gym, 'verify', 'shuffle'], path);
  await timed(turbo.command, turbo.path, env);
  const times = await inTurn(
    rounds * 3,
    () => timed([...gym, 'verify', 'shuffle'], path),
    () => timed(turbo.command, turbo.path, env),
  );
  return { what: '`gym verify shuffle`, nothing changed, beside `turbo run`', ...times, aimRatio: 1.5, aimMs: 150 };
}

/**
 * A new line at the end of a source file, beside the stages' own commands in containers that have been up all the time: once with the code that they
 * came up with, and once with the changed file copied into them and their programs started again.
 */
async function changed(rounds: number, folder: string): Promise<Row[]> {
  const path = shuffleIn(folder, 'changed');
  const warm = shuffleIn(folder, 'warm');
  await timed([...gym, 'warm', 'shuffle'], path);
  await timed([...gym, 'up', 'shuffle'], warm);
  const hand = byHand(warm);
  const verifyChanged = async (): Promise<number> => {
    appendFileSync(join(path, source), '// a line\n');
    return timed([...gym, 'verify', 'shuffle'], path);
  };
  try {
    const what = '`gym verify shuffle` after a change of one line, beside its bare commands in warm containers';
    const times = await inTurn(rounds, verifyChanged, hand.commands);
    const withChange = await inTurn(
      rounds,
      verifyChanged,
      async () => (await hand.putChange()) + (await hand.commands()),
    );
    return [
      { what, ...times, aimRatio: 1.15 },
      {
        what: 'the same, beside them with the changed file put into the containers first',
        ...withChange,
        aimRatio: 1.15,
      },
    ];
  } finally {
    await timed([...gym, 'down', 'shuffle', '--wait'], warm);
    await timed([...gym, 'down', 'shuffle', '--wait'], path);
  }
}

const source = 'envs/shuffle/src/shuffle.ts';

/** What a person types for that in a checkout whose environment is up; each gives its milliseconds. */
function byHand(checkout: string) {
  const idsOf = (...labels: string[]): string[] => {
    const filters = [`dev.gym.checkout=${checkout}`, ...labels].flatMap((label) => ['--filter', `label=${label}`]);
    return execFileSync('docker', ['ps', '-q', ...filters], { encoding: 'utf8' })
      .trim()
      .split('\n');
  };
  const [driver = ''] = idsOf('dev.gym.service=driver');
  const workers = [1, 2, 3, 4].flatMap((number) => idsOf(`dev.gym.service=worker-${number}`));
  const inAll = async (ids: readonly string[], command: (id: string) => string[]): Promise<number> => {
    let ms = 0;
    for (const id of ids) ms += await timed(command(id), checkout);
    return ms;
  };
  return {
    commands: () =>
      inAll(['test/unit/*.test.ts', 'test/integration/*.test.ts', 'harness/e2e.test.ts'], (files) => [
        ...['docker', 'exec', driver, 'sh', '-c', `node --test ${files}`],
      ]),
    async putChange() {
      appendFileSync(join(checkout, source), '// a line\n');
      const copied = await inAll([driver, ...workers], (id) => [
        'docker',
        'cp',
        join(checkout, source),
        `${id}:/app/src/`,
      ]);
      const restarted = await timed(['docker', 'restart', '--time', '1', ...workers], checkout);
      const isReady = 'until test -f /tmp/ready; do sleep 0.02; done';
      return copied + restarted + (await inAll(workers, (id) => ['docker', 'exec', id, 'sh', '-c', isReady]));
    },
  };
}

if (import.meta.main) await benchCache(Math.max(1, Number(process.argv[2] ?? 7)));
