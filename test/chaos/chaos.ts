// Kills gym at random moments, and looks at what is left. The same seed gives the same scenarios and the same moments as
// parts of what each scenario takes on the machine.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { readEvents } from '../../gym/events/log.ts';
import { verdictSchema } from '../../gym/judge/verdict.ts';
import { openHistory } from '../../gym/store/history.ts';
import { readJournal } from '../../gym/store/journal.ts';
import { openStore } from '../../gym/store/store.ts';
import { labelledNow, watchdogsOf } from '../integration/reliability/support.ts';
import { box, processesOf, runsOf, tinyCheckout } from '../support/gym/checkout.ts';
import { leftOf } from '../support/gym/engine.ts';
import { gym, startGym } from '../support/gym/program.ts';
import type { TemporaryFolder } from '../support/repository.ts';

const scenarios = ['up', 'verify', 'reset', 'loop', 'down'] as const;
type Scenario = (typeof scenarios)[number];

/** One kill and what came of it. */
export interface Kill {
  readonly scenario: Scenario;
  /** Since the start of gym. */
  readonly afterMs: number;
  /** Who removed what was left, and how long after the kill the last of it was seen; `nothing`: there was none. */
  readonly reapedBy: 'watchdog' | 'next gym' | 'nothing';
  readonly reapMs: number;
  /** What was left after all. */
  readonly left: readonly string[];
}

/** What many kills came to. */
export interface Chaos {
  readonly kills: readonly Kill[];
  /** What is on the engine when all is over. */
  readonly leftAtLast: readonly string[];
  /** What is wrong with the store afterwards. */
  readonly broken: readonly string[];
  /** Exit codes of the runs after the last kill: a verification, and the loop that was cut off gone on with. */
  readonly verifyExitCode: number | null;
  readonly loopExitCode: number | null;
}

/** How long the watchdog has, which promises two seconds on a machine that is not busy, before the next gym is asked. */
const watchdogMs = 8_000;
/** So long nothing has to be seen before all is taken for gone. */
const quietMs = 500;
const agent = 'command:sleep 0.3; echo 42 > answer.txt; setsid sleep 60 & sleep 0.2';
const commands: Readonly<Record<Scenario, readonly string[]>> = {
  up: ['up'],
  verify: ['verify'],
  reset: ['reset'],
  loop: ['loop', '--agent', agent, '--plain'],
  down: ['down', '--wait'],
};

/** A checkout with two services, a volume, and stages in a service and on the host; its verification fails without answer.txt. */
export function chaosCheckout(): TemporaryFolder {
  const services = `${box}${box.replace('services:\n', '').replace('box:', 'second:')}    volumes: ["data:/data"]\nvolumes: { data: {} }\n`;
  const inService = { name: 'unit', service: 'box', command: 'sleep 0.3' };
  const onHost = { name: 'host', command: 'setsid sleep 60 & sleep 0.3; test -f answer.txt' };
  return tinyCheckout({ services, stages: [inService, onHost] });
}

/** Numerical Recipes' linear congruential generator: the same numbers, 0 up to 1, for the same seed. */
export function randomOf(seed: number): () => number {
  let state = Math.imul(seed, 2654435761) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Kills gym so often, round robin through the scenarios, each at a random moment of what it takes. */
export async function chaos(seed: number, kills: number, tell: (kill: Kill) => void = () => {}): Promise<Chaos> {
  using checkout = chaosCheckout();
  const random = randomOf(seed);
  const watchdogs: (number | undefined)[] = [];
  const takesMs = await durations(checkout);
  const done: Kill[] = [];
  for (let index = 0; done.length < kills && index < 2 * kills; index += 1) {
    const scenario = scenarios[index % scenarios.length] ?? 'up';
    const kill = await killOnce(checkout.path, scenario, random() * takesMs[scenario], (pid) => watchdogs.push(pid));
    if (kill === undefined) continue;
    done.push(kill);
    tell(kill);
  }
  const loopExitCode = done.some(({ scenario }) => scenario === 'loop')
    ? (await gym(checkout.path, ['loop', '--resume', '--plain'])).exitCode
    : null;
  checkout.write('envs/tiny/answer.txt', '42\n');
  const verifyExitCode = (await gym(checkout.path, ['verify'])).exitCode;
  await gym(checkout.path, commands.down);
  await lastSeen(async () => watchdogs.flatMap(watchdogsOf), performance.now(), 20_000);
  return {
    kills: done,
    leftAtLast: [...leftOf(checkout.path), ...halfMadeOf(checkout.path)],
    broken: brokenIn(checkout.path),
    verifyExitCode,
    loopExitCode,
  };
}

/** Volumes of seeded states that runs of a checkout began to make, and that never became whole. */
function halfMadeOf(checkout: string): string[] {
  const format = '{{.Label "dev.gym.golden"}} {{.Label "dev.gym.run"}} {{.Label "dev.gym.golden.made"}} {{.Name}}';
  const args = ['volume', 'ls', '--filter', 'label=dev.gym.golden', '--format', format];
  const volumes = execFileSync('docker', args, { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.split(' '));
  const whole = new Set(volumes.flatMap(([state, , made]) => (made === '' ? [] : [state])));
  const runs = new Set<string | undefined>(runsOf(checkout));
  return volumes.flatMap(([state, run, , name]) => (runs.has(run) && !whole.has(state) ? [`volume ${name}`] : []));
}

/** What each scenario takes on this machine, in milliseconds, when nobody kills it. */
async function durations(checkout: TemporaryFolder): Promise<Record<Scenario, number>> {
  const time = async (scenario: Scenario): Promise<number> => {
    const start = performance.now();
    await gym(checkout.path, commands[scenario]);
    return performance.now() - start;
  };
  const [up, reset, down] = [await time('up'), await time('reset'), await time('down')];
  return { up, reset, down, verify: await time('verify'), loop: await time('loop') };
}

/** Undefined: gym had ended before. */
async function killOnce(
  checkout: string,
  scenario: Scenario,
  afterMs: number,
  onStart: (pid: number | undefined) => void,
): Promise<Kill | undefined> {
  if (scenario === 'down' || scenario === 'reset') await gym(checkout, commands.up);
  const running = startGym(checkout, commands[scenario]);
  onStart(running.child.pid);
  await Promise.race([sleep(afterMs), running.end]);
  running.child.kill('SIGKILL');
  const { exitCode } = await running.end;
  const killedAt = performance.now();
  const isUp = async (): Promise<boolean> => (await labelledNow('dev.gym.up', ofCheckout(checkout))).length > 0;
  if (exitCode !== null || (scenario === 'up' && (await isUp()))) {
    await gym(checkout, commands.down);
    return undefined;
  }
  if (scenario === 'reset' && (await isUp())) {
    // It had not begun to take the old generation away, or the next one was up: what is up has to be whole.
    const again = await gym(checkout, commands.up);
    const broken = again.stderr.includes('is up already') ? [] : [`an environment that is not whole: ${again.stderr}`];
    await gym(checkout, commands.down);
    return { scenario, afterMs, reapedBy: 'nothing', reapMs: 0, left: [...broken, ...leftOf(checkout)] };
  }
  const look = async (): Promise<string[]> => [
    ...(await labelledNow(ofCheckout(checkout))),
    ...processesOf(checkout).map((pid) => `process ${pid}`),
  ];
  const watched = await lastSeen(look, killedAt, scenario === 'down' ? 0 : watchdogMs);
  const next = watched.left.length === 0 ? watched : await afterNext(checkout, look, killedAt);
  // What was kept before a `down` that had not begun to remove it is no leftover.
  if (scenario === 'down' && (await isUp())) await gym(checkout, commands.down);
  const left = [...leftOf(checkout), ...processesOf(checkout).map((pid) => `process ${pid}`)];
  const reapedBy = watched.left.length > 0 ? 'next gym' : watched.seenMs > 0 ? 'watchdog' : 'nothing';
  return { scenario, afterMs, reapedBy, reapMs: Math.max(watched.seenMs, next.seenMs), left };
}

async function afterNext(checkout: string, look: () => Promise<string[]>, since: number): Promise<Seen> {
  await gym(checkout, ['ps']);
  return lastSeen(look, since, 0);
}

interface Seen {
  /** How long after `since` something was seen last; 0: nothing was. */
  readonly seenMs: number;
  readonly left: readonly string[];
}

async function lastSeen(
  look: () => Promise<readonly (string | number)[]>,
  since: number,
  limitMs: number,
): Promise<Seen> {
  let seenMs = 0;
  let emptyMs = 0;
  for (;;) {
    const left = await look();
    const nowMs = performance.now() - since;
    // What the engine was asked for last may come to be after all else is gone.
    if (left.length === 0 && nowMs - Math.max(seenMs, emptyMs) > quietMs) return { seenMs, left: [] };
    if (left.length > 0) seenMs = nowMs;
    else if (seenMs === 0 && emptyMs === 0) emptyMs = nowMs;
    if (left.length > 0 && nowMs > limitMs) return { seenMs, left: left.map(String) };
    await sleep(20);
  }
}

const ofCheckout = (checkout: string): string => `dev.gym.checkout=${checkout}`;

/** What is wrong with a store: each file that cannot be read back, and each run that seems to go on. */
export function brokenIn(checkout: string): string[] {
  const store = openStore(checkout);
  const folders = runsOf(checkout).map((run) => join(store.directory, 'runs', run));
  return [
    ...complaint('history', () => {
      const database = new DatabaseSync(store.historyFile);
      const [row] = database.prepare('PRAGMA integrity_check').all();
      database.close();
      if (row?.['integrity_check'] !== 'ok') throw new Error(JSON.stringify(row));
      const history = openHistory(store);
      const rows = history.newest(1000);
      history.close();
      const open = rows.filter(({ state }) => state === 'running');
      if (open.length > 0) throw new Error(`${open.map(({ run }) => run).join(', ')} seem to run`);
      for (const { run, kind, durationMs } of rows)
        if (kind === 'verify' && durationMs !== null) readVerdict(join(store.directory, 'runs', run));
    }),
    ...folders.flatMap((folder) => [
      ...complaint(folder, () => void optional(join(folder, 'events.ndjson'), readEvents)),
      ...complaint(folder, () => void optional(join(folder, 'journal.ndjson'), readJournal)),
      ...complaint(folder, () => void optional(join(folder, 'verdict.json'), () => readVerdict(folder))),
    ]),
  ];
}

function readVerdict(folder: string): void {
  verdictSchema.parse(JSON.parse(readFileSync(join(folder, 'verdict.json'), 'utf8')));
}

function optional(file: string, read: (file: string) => unknown): void {
  try {
    readFileSync(file);
  } catch {
    return;
  }
  read(file);
}

function complaint(what: string, look: () => void): string[] {
  try {
    look();
    return [];
  } catch (thrown) {
    return [`${what}: ${thrown instanceof Error ? thrown.message : String(thrown)}`];
  }
}

/** The middle of numbers, and the largest; 0 of none. */
export function medianAndMost(values: readonly number[]): { median: number; most: number } {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)] ?? 0, most: sorted.at(-1) ?? 0 };
}
