import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type Dockerode from 'dockerode';
import { describe, expect, onTestFinished, test } from 'vitest';
import { connectEngine, type Engine } from '../../../gym/environment/engine.ts';
import { label } from '../../../gym/environment/labels.ts';
import { followLog, type ServiceLog } from '../../../gym/environment/log.ts';
import { watchEvents } from '../../../gym/environment/watch.ts';
import { bench } from '../environment/support.ts';

const here = bench();
const seed = 7;
/** How often each is started again; for more, GYM_RESTARTS. */
const restarts = Number(process.env['GYM_RESTARTS'] ?? 5);

/** Numbers its starts, and in each of them its lines, from the first moment on; with long lines, or some on stderr. */
const program = `n=$(cat /n 2>/dev/null || echo 0); n=$((n + 1)); echo $n >/m; mv /m /n; echo
long=$(head -c 40000 /dev/zero | tr "\\0" x); i=0
while :; do i=$((i + 1)); echo "$n $i"
[ "$BOTH" ] && echo "$n.$i" >&2
[ $((i % 50)) = 0 ] && { [ "$BOTH" ] || echo "$long"; sleep 0.01; }
done`;

interface Subject {
  readonly container: Dockerode.Container;
  readonly log: ServiceLog;
}

/** A container whose log is followed through an engine that takes its time, so that it is started before it is attached to again. */
async function followed(change: Dockerode.ContainerCreateOptions, maximumDelayMs: number): Promise<Subject> {
  const connected = await connectEngine(process.env);
  if (!connected.ok) throw new Error('no engine');
  const random = randomOf(seed);
  const slow: Engine = {
    ...connected.value,
    call: async (what, run, limitMs) => {
      await sleep(random() * maximumDelayMs);
      return connected.value.call(what, run, limitMs);
    },
  };
  const { project } = here.request();
  const watch = await watchEvents(connected.value, project, '1');
  if (!watch.ok) throw new Error('no watch');
  const container = await connected.value.docker.createContainer({
    Image: 'debian:bookworm-slim',
    Cmd: ['sh', '-c', program],
    Labels: { [label.project]: project, [label.generation]: '1', [label.service]: 'a' },
    ...change,
    HostConfig: { LogConfig: { Type: 'json-file', Config: {} }, NetworkMode: 'none', ...change.HostConfig },
  });
  const printing = { id: container.id, service: 'a', tty: change.Tty === true, watch: watch.value };
  const log = await followLog(slow, printing, `${here.folder}/a.log`);
  onTestFinished(async () => {
    if (log.ok) log.value.close();
    watch.value.close();
    await container.remove({ force: true });
  });
  if (!log.ok) throw new Error(log.problems[0].message);
  return { container, log: log.value };
}

/** Park and Miller's generator, between 0 and 1. */
function randomOf(begin: number): () => number {
  let state = begin;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** Starts it, and kills and starts it again at random moments. */
async function stress({ container, log }: Subject, times: number): Promise<void> {
  const random = randomOf(seed);
  await container.start();
  for (let time = 0; time < times; time += 1) {
    await sleep(random() * 200);
    if (random() < 0.5) await container.restart({ t: 0 });
    else {
      await container.kill();
      if (random() < 0.5) await sleep(random() * 50);
      await container.start();
    }
  }
  await sleep(100);
  await container.kill();
  for (let quiet = 0; quiet < 3; quiet += 1) {
    await sleep(300);
    await log.settle(40);
  }
}

const numbered = /^\d+ \d+$/;
const errors = /^\d+\.\d+$/;
const linesOf = (text: string, pattern: RegExp): string[] => text.split(/\r?\n/).filter((line) => pattern.test(line));

/** Starts are in order, and of each the lines from the first on. One that was killed before its first line is not there. */
function expectWhole(lines: readonly string[]): void {
  const byStart = Map.groupBy(lines, (line) => Number(line.split(' ')[0]));
  expect([...byStart.keys()]).toEqual([...byStart.keys()].sort((a, b) => a - b));
  expect(byStart.size).toBeGreaterThan(2);
  expect(lines).toEqual([...byStart].flatMap(([start, of]) => of.map((_, index) => `${start} ${index + 1}`)));
}

describe('the log of a container that is killed and started again at random moments has each line once', () => {
  test.each([
    ['attached to again in time', 0, {}],
    ['attached to again too late', 400, {}],
    ['attached to again too late, on two streams', 400, { Env: ['BOTH=1'] }],
    ['attached to again too late, with a terminal', 400, { Tty: true, Env: [] }],
  ])('%s', async (_, maximumDelayMs, change) => {
    const subject = await followed(change, maximumDelayMs);
    await stress(subject, restarts);
    const text = short(readFileSync(subject.log.file, 'utf8'));
    const { out, err } = await ofEngine(subject);
    const lines = linesOf(out, numbered);
    expectWhole(lines);
    expect(linesOf(text, numbered)).toEqual(lines);
    expect(linesOf(text, errors)).toEqual(linesOf(err, errors));
    if (err === '') expect(text === out).toBe(true);
    expect(subject.log.problem()).toBeUndefined();
  });
});

describe('what the engine did not keep of a later start is told', () => {
  test('where its own log was turned over while it was read', async () => {
    const Config = { 'max-size': '20k', 'max-file': '2' };
    const subject = await followed({ HostConfig: { LogConfig: { Type: 'json-file', Config } } }, 300);
    await stress(subject, 4);
    const lines = linesOf(readFileSync(subject.log.file, 'utf8'), numbered);
    const starts = [...new Set(lines.map((line) => line.split(' ')[0]))];
    const whole = starts.flatMap((start) => {
      const of = lines.filter((line) => line.startsWith(`${start} `));
      return of.map((_, index) => `${start} ${index + 1}`);
    });
    expect(whole).not.toEqual(lines);
    expect(subject.log.problem()).toMatch(/^at least \d+ bytes of a later start are missing/);
  });

  test('where its logging driver keeps nothing', async () => {
    const subject = await followed({ HostConfig: { LogConfig: { Type: 'none', Config: {} } } }, 300);
    await stress(subject, 3);
    expect(subject.log.problem()).toMatch(/first moment of a later start may be missing: its logging driver \(none\)/);
  });
});

/** What the engine has of it. */
async function ofEngine({ container }: Subject): Promise<{ out: string; err: string }> {
  const { stdout, stderr } = await promisify(execFile)('docker', ['logs', container.id], { maxBuffer: 2 ** 30 });
  return { out: short(stdout), err: stderr };
}

/** With the number of its letters in the place of a long word, so that a difference can be read. */
const short = (text: string): string => text.replaceAll(/x{99,}/g, (word) => `x*${word.length}`);
