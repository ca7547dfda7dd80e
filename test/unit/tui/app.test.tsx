import { EventEmitter } from 'node:events';
import { stripVTControlCharacters } from 'node:util';
import { render } from 'ink';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Event } from '../../../gym/events/event.ts';
import { App } from '../../../gym/tui/app.tsx';
import { startBindings } from '../../../gym/tui/keys.ts';
import type { Choice, Offer, PastRun } from '../../../gym/tui/start.ts';
import { StartScreen } from '../../../gym/tui/start-screen.tsx';
import { openViewStore, type Subscribe } from '../../../gym/tui/store.ts';
import { themeFor } from '../../../gym/tui/theme.ts';
import { afterFirstAttempt, recorded } from './model.ts';

/** A terminal of a given size that keeps what was written to it. */
class Screen extends EventEmitter {
  readonly isTTY = true;
  columns: number;
  rows: number;
  written = '';
  constructor(columns: number, rows: number) {
    super();
    this.columns = columns;
    this.rows = rows;
  }
  write(chunk: string): boolean {
    this.written += chunk;
    return true;
  }
  /** What was written since the last call, without control sequences. */
  taken(): string {
    const text = stripVTControlCharacters(this.written);
    this.written = '';
    return text;
  }
}

/** A keyboard. */
class Keyboard extends EventEmitter {
  readonly isTTY = true;
  #pending: string | null = null;
  setEncoding(): void {}
  setRawMode(): void {}
  ref(): void {}
  unref(): void {}
  read(): string | null {
    const pending = this.#pending;
    this.#pending = null;
    return pending;
  }
  press(keys: string): void {
    this.#pending = keys;
    this.emit('readable');
  }
}

let unmount: (() => void) | undefined;
afterEach(() => unmount?.());

function mounted(element: Parameters<typeof render>[0], columns: number, rows: number) {
  const stdout = new Screen(columns, rows) as Screen & NodeJS.WritableStream;
  const stdin = new Keyboard() as Keyboard & NodeJS.ReadableStream;
  const app = render(element, { stdout, stdin, interactive: true, exitOnCtrlC: false, patchConsole: false });
  unmount = app.unmount;
  return { stdout, stdin };
}

function appOf(subscribe: Subscribe, columns: number, rows: number) {
  const effects: string[] = [];
  const props = {
    theme: themeFor({ LANG: 'C.UTF-8' }),
    finished: new Promise(() => {}),
    stopping: false,
    origin: 'command' as const,
  };
  const store = openViewStore(subscribe);
  const onEffect = (effect: string) => void effects.push(effect);
  return { ...mounted(<App store={store} onEffect={onEffect} {...props} />, columns, rows), effects };
}

const allAtOnce =
  (events: readonly Event[]): Subscribe =>
  (listener) => {
    for (const event of events) listener(event);
    return () => {};
  };

describe('the app', () => {
  it('shows the log of what is chosen by tailing its file, and the verdict from its file', async () => {
    const { stdout, stdin } = appOf(allAtOnce(afterFirstAttempt), 100, 30);
    await vi.waitFor(() => expect(stdout.taken()).toContain('the bytes attributed to local'));
    stdin.press('1');
    stdin.press('Gkkk');
    stdin.press('\r');
    await vi.waitFor(() => expect(stdout.taken()).toContain('four workers shuffle 256 MiB'));
  });

  it('lays itself out anew when the terminal changes its size', async () => {
    const { stdout } = appOf(allAtOnce(recorded), 100, 30);
    await vi.waitFor(() => expect(stdout.taken()).toContain('5 Services'));
    Object.assign(stdout, { columns: 80, rows: 24 });
    stdout.emit('resize');
    await vi.waitFor(() => expect(stdout.taken()).toContain('[2 checks]'));
    Object.assign(stdout, { columns: 50, rows: 10 });
    stdout.emit('resize');
    await vi.waitFor(() => expect(stdout.taken()).toMatch(/✓ DONE +attempt 2 of 8/));
  });

  it('takes keys that arrive together one after the other', async () => {
    const { stdin, effects } = appOf(allAtOnce(afterFirstAttempt), 100, 30);
    stdin.press('jq');
    await vi.waitFor(() => expect(effects).toEqual([]));
    stdin.press('y');
    await vi.waitFor(() => expect(effects).toEqual(['stop']));
    stdin.press('\u0003');
    await vi.waitFor(() => expect(effects).toEqual(['stop', 'interrupt']));
  });

  it('draws at most every 100 ms, however fast events come', async () => {
    let listener: (event: Event) => void = () => {};
    const { stdout } = appOf(
      (given) => {
        listener = given;
        return () => {};
      },
      100,
      30,
    );
    const act = {
      v: 1,
      seq: 0,
      run: recorded[0]?.run ?? '',
      at: 1,
      span: 'run',
      type: 'agent.acted',
      attempt: 1,
      act: 'says',
    } as const;
    for (const event of afterFirstAttempt) listener(event);
    const frames = vi.spyOn(stdout, 'write');
    const begin = performance.now();
    const end = begin + 520;
    let sent = 0;
    while (performance.now() < end) {
      for (let count = 0; count < 20; count += 1, sent += 1) listener({ ...act, text: `act ${sent}` });
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const drawn = frames.mock.calls.filter(([chunk]) => String(chunk).includes('act ')).length;
    expect(drawn).toBeGreaterThan(0);
    expect(drawn).toBeLessThanOrEqual((performance.now() - begin) / 100 + 1);
    expect(sent).toBeGreaterThan(200);
  });
});

describe('the start screen', () => {
  const agents = [
    { key: 'o', name: 'oracle', lacks: 'no solution/' },
    { key: 'c', name: 'claude', lacks: null },
  ];
  const tasks = [
    { name: 'shuffle', folder: 'envs/shuffle', agents },
    { name: 'hello', folder: 'envs/hello', agents },
  ];
  const past = { task: 'shuffle', distance: null, ageMs: 7_300_000, durationMs: 18_200, isAsWritten: true };
  const runs: PastRun[] = [
    { ...past, run: '20261120-0914-aa', kind: 'verify', state: 'fail', distance: 0.5 },
    { ...past, run: '20261120-0914-bb', kind: 'loop', state: 'done', distance: 0, ageMs: 61_000 },
    { ...past, run: '20261120-0914-cc', kind: 'loop', state: 'cut off', durationMs: null },
  ];
  const offer: Offer = { tasks, runs };
  const theme = themeFor({ LANG: 'C.UTF-8' });
  /** The frame after each of some keys. */
  const framed = async (shown: Offer, columns: number, rows: number, keys: string, last: Choice | null = null) => {
    const { stdout, stdin } = mounted(
      <StartScreen {...{ offer: shown, last, theme }} onChoice={vi.fn()} />,
      columns,
      rows,
    );
    await vi.waitFor(() => expect(stdout.written).toContain('gym'));
    for (const key of keys) {
      stdout.taken();
      stdin.press(key);
      await vi.waitFor(() => expect(stdout.written).not.toBe(''));
    }
    return stdout.taken();
  };

  it.each([
    ['\r', { action: 'verify', task: tasks[0] }],
    ['jlc', { action: 'loop', task: tasks[1], agent: 'claude' }],
    // An agent that cannot work is not taken; another key goes back.
    ['lozjq', { action: 'quit' }],
    ['q', { action: 'quit' }],
    // The other list; Tab arrives with other keys too.
    ['\tj\r', { action: 'show', run: runs[1] }],
    ['\tG\t\r', { action: 'verify', task: tasks[0] }],
    ['\tl\r', { action: 'show', run: runs[0] }],
    // A key shows the help, the next one goes back.
    ['?qq', { action: 'quit' }],
    ['\u0003', { action: 'interrupted' }],
  ])('makes of %j %j', async (keys, choice) => {
    const choices: Choice[] = [];
    const element = <StartScreen {...{ offer, last: null, theme }} onChoice={(one) => void choices.push(one)} />;
    const { stdout, stdin } = mounted(element, 100, 24);
    await vi.waitFor(() => expect(stdout.written).toContain('envs/hello'));
    const text = stdout.taken();
    expect(text).toMatch(/✗ fail +verify shuffle {2}distance 0\.5 +2 h ago {2}20261120-0914-aa {2}18\.2 s/);
    expect(text).toMatch(/✓ done +loop {3}shuffle {2}distance 0 +1 min ago {2}20261120-0914-bb/);
    expect(text).toMatch(/– cut off +loop {3}shuffle +2 h ago {2}20261120-0914-cc/);
    stdin.press(keys);
    await vi.waitFor(() => expect(choices).toEqual([choice]));
  });

  it('asks for the agent of a loop, and says why one cannot work', async () => {
    const { stdout, stdin } = mounted(
      <StartScreen {...{ offer: { tasks, runs: [] }, last: null, theme }} onChoice={vi.fn()} />,
      80,
      24,
    );
    await vi.waitFor(() => expect(stdout.taken()).toContain('l loop'));
    stdin.press('l');
    await vi.waitFor(() =>
      expect(stdout.taken()).toMatch(/which agent\? +oracle \(no solution\/\) +c claude +Esc back/),
    );
    stdin.press('\u001B');
    await vi.waitFor(() => expect(stdout.taken()).toContain('l loop'));
  });

  it('says so where there is no task, and starts nothing then', async () => {
    const onChoice = vi.fn();
    const { stdout, stdin } = mounted(
      <StartScreen {...{ offer: { tasks: [], runs: [] }, last: null, theme, onChoice }} />,
      80,
      24,
    );
    await vi.waitFor(() => expect(stdout.written).toContain('no task here'));
    stdin.press('\r');
    stdin.press('q');
    await vi.waitFor(() => expect(onChoice).toHaveBeenCalledWith({ action: 'quit' }));
    expect(onChoice).toHaveBeenCalledTimes(1);
  });

  it('shows its keys on ?, page by page where they do not fit', async () => {
    const text = await framed(offer, 80, 24, '?');
    for (const { label, help } of startBindings) expect(text).toContain(`${label.padEnd(14)}${help}`);
    expect(text).toContain('any key goes back');
    expect(await framed(offer, 60, 13, '?')).toMatch(/any key: more.*verify the task, or open the run/s);
    expect(await framed(offer, 60, 13, '?x')).toMatch(/any key goes back.*Ctrl-C +quit/s);
    expect(await framed(offer, 60, 13, '?xx')).toContain('Tasks');
  });

  it('opens at what was chosen last, though there are newer runs now', async () => {
    const [newest, chosen] = [runs[0], runs[1]] as const;
    if (newest === undefined || chosen === undefined) expect.fail('there are three');
    const more = { tasks, runs: [{ ...newest, run: '20261120-0915-dd' }, ...runs] };
    expect(await framed(more, 100, 24, '', { action: 'show', run: chosen })).toMatch(/› ✓ done .*20261120-0914-bb/);
  });

  it('shows no list of runs where there are none', async () => {
    const text = await framed({ tasks, runs: [] }, 80, 24, '');
    expect(text).not.toContain('Runs');
    expect(text).toContain('› shuffle');
  });

  it('tells of a run whose line in the history is not as gym wrote it', async () => {
    const planted = runs.map((run) => ({ ...run, isAsWritten: false }));
    expect(await framed({ tasks, runs: planted }, 100, 24, '')).toMatch(/! not as gym wrote it shuffle /);
  });

  it.each([
    [80, 24],
    [60, 15],
    [40, 12],
    [40, 8],
    [30, 5],
  ])('fits %d columns and %d rows, and scrolls to the last of many runs', async (columns, rows) => {
    const many = Array.from(
      { length: 60 },
      (_, index) => ({ ...runs[0], run: `run-${index}`, distance: index }) as PastRun,
    );
    const text = await framed({ tasks, runs: many }, columns, rows, '\tG');
    const lines = text.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(rows);
    expect(Math.max(...lines.map((line) => [...line.trimEnd()].length))).toBeLessThanOrEqual(columns);
    expect(text).toMatch(/-60 of 60/);
    if (columns >= 40) expect(text).toMatch(/› ✗ fail .*\b59 .*2 h ago +18\.2 s/);
  });
});
