// How long after a save `gym watch` verifies: from the last write of a file to the first row of the run, as both clocks of this machine have it.
// `node scripts/bench/watch.ts` runs it alone.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { commitAll, shuffleIn } from './cache.ts';
import { median, table, writeFigures } from './measure.ts';

const top = join(import.meta.dirname, '../..');
const aimMs = 100;
/** From the end of a run to the next save: by then other networks are ready for it. From the beginning of one, or of its stages. */
const pausesMs = { ended: 3_000, comingUp: 1_500, inStages: 2_000 };

/** When the next save comes: after the run of the one before has ended, while its containers come up, or while its stages run. */
type When = keyof typeof pausesMs;
const whens: Readonly<Record<When, string>> = {
  ended: 'nothing running',
  comingUp: 'while a run comes up',
  inStages: 'in the stages of a run',
};

/** A task in a repository of its own, and a file of it that is saved. */
interface Watched {
  readonly what: string;
  readonly path: string;
  readonly task: string;
  readonly file: string;
  /** What is written into it the n-th time, for a run that ends soon or that does not. */
  readonly text: (n: number, when: When) => string;
}

/** Measures it and writes the table into docs/benchmarks.md. */
export async function benchWatch(rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gym-bench-watch-'));
  try {
    const rows = [];
    for (const watched of [small(folder), shuffle(folder)]) {
      for (const [when, ms] of await saves(watched, rounds)) rows.push(line(`${watched.what}, ${whens[when]}`, ms));
    }
    const header = ['a save in', 'median, ms', '95th percentile, ms', 'most, ms', 'aim', 'saves'];
    writeFigures('watch', table(header, rows));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function line(what: string, ms: readonly number[]): string[] {
  const sorted = [...ms].sort((a, b) => a - b);
  const high = sorted[Math.ceil(sorted.length * 0.95) - 1] ?? Number.NaN;
  const figures = [median(ms), high, sorted.at(-1) ?? Number.NaN].map((each) => each.toFixed(0));
  return [what, ...figures, `${aimMs}, ${high < aimMs ? 'reached' : '**not reached**'}`, String(ms.length)];
}

/** One stage, on the host. */
function small(folder: string): Watched {
  const path = join(folder, 'small');
  const home = join(path, 'envs', 'small');
  const stage = { name: 'unit', command: 'sleep $(cat src/seconds)', inputs: ['src/**'], pure: true };
  const task = { name: 'small', instruction: 'TASK.md', compose: 'compose.yaml', stages: [stage] };
  mkdirSync(join(home, 'src'), { recursive: true });
  const source = `import { defineTask } from 'devgym';\n\nexport default defineTask(${JSON.stringify(task)});\n`;
  writeFileSync(join(home, 'task.ts'), source);
  writeFileSync(join(home, 'compose.yaml'), 'services: {box: {image: "debian:bookworm-slim"}}\n');
  writeFileSync(join(home, 'TASK.md'), 'Nothing is to be done.\n');
  const file = join(home, 'src', 'seconds');
  writeFileSync(file, '0\n');
  commitAll(path);
  const text: Watched['text'] = (n, when) => `${when === 'ended' ? 0 : 60}.${n}1\n`;
  return { what: 'a task of one stage', path, task: 'small', file, text };
}

/** One that ends soon fails its first stage. */
function shuffle(folder: string): Watched {
  const path = shuffleIn(folder, 'shuffle');
  const file = join(path, 'envs', 'shuffle', 'src', 'shuffle.ts');
  const source = readFileSync(file, 'utf8');
  const text: Watched['text'] = (n, when) => `${source}${when === 'ended' ? `throw new Error('${n}');` : `// ${n}`}\n`;
  return { what: '`envs/shuffle`', path, task: 'shuffle', file, text };
}

/** Milliseconds from each save to the first row of its run. */
async function saves(watched: Watched, rounds: number): Promise<Map<When, number[]>> {
  const { path, task, file, text } = watched;
  const watching = spawn(process.execPath, [join(top, 'dist', 'gym.js'), 'watch', task], {
    cwd: path,
    stdio: 'ignore',
  });
  const times = new Map<When, number[]>();
  try {
    await until('the first run', () => runsOf(path).length === 1);
    for (const when of ['ended', 'comingUp', 'inStages'] as const) {
      const ms: number[] = [];
      times.set(when, ms);
      for (let round = 0; round < rounds; round += 1) {
        const before = runsOf(path);
        const last = before.at(-1) ?? '';
        if (when === 'ended') await until('the end of a run', () => existsSync(join(last, 'verdict.json')));
        if (when === 'inStages') await until('the stages of a run', () => hasStage(last));
        await sleep(pausesMs[when]);
        writeFileSync(file, text(round, when));
        const savedAt = Date.now();
        const began = await until('a run', () => beganAt(runsOf(path)[before.length]));
        ms.push(began - savedAt);
      }
    }
    return times;
  } finally {
    watching.kill('SIGINT');
    await once(watching, 'exit');
    // It has what it kept warm removed in the background, which needs the checkout.
    await once(spawn(process.execPath, [join(top, 'dist', 'gym.js'), 'warm', '--end', path]), 'exit');
  }
}

/** Folders of the runs, oldest first. */
function runsOf(path: string): string[] {
  const folder = join(path, '.gym', 'runs');
  return existsSync(folder)
    ? readdirSync(folder)
        .sort()
        .map((run) => join(folder, run))
    : [];
}

/** Whether a stage of a run has begun. */
const hasStage = (run: string): boolean => readFileSync(join(run, 'events.ndjson'), 'utf8').includes('"stage.started"');

/** When the first row of a run was written, in epoch milliseconds; `undefined`: it is not there yet. */
function beganAt(run: string | undefined): number | undefined {
  const file = join(run ?? '', 'events.ndjson');
  if (run === undefined || !existsSync(file)) return undefined;
  const [first = '', rest] = readFileSync(file, 'utf8').split('\n');
  return rest === undefined ? undefined : z.object({ at: z.number() }).parse(JSON.parse(first)).at;
}

async function until<Value>(what: string, found: () => Value | undefined | false): Promise<Value> {
  for (let waitedMs = 0; waitedMs < 120_000; waitedMs += 20) {
    const value = found();
    if (value !== undefined && value !== false) return value;
    await sleep(20);
  }
  throw new Error(`${what} did not come within two minutes`);
}

if (import.meta.main) await benchWatch(Math.max(1, Number(process.argv[2] ?? 15)));
