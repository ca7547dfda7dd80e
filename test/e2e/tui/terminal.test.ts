import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';

// `script` of util-linux gives a real terminal. It is part of every Linux distribution, but not of other systems.
const hasTerminal = spawnSync('script', ['--version']).stdout?.toString().includes('util-linux') ?? false;
if (!hasTerminal) console.warn('SKIPPED: the terminal UI is not tested, because `script` of util-linux is missing');

const root = join(import.meta.dirname, '../../..');
const recording = 'test/fixtures/events/loop.ndjson';

interface Terminal {
  readonly child: ChildProcessWithoutNullStreams;
  /** Everything that the terminal was sent. */
  readonly output: () => string;
  /** Waits until text appears in what was sent after the last call, and forgets all before. */
  readonly see: (text: string | RegExp) => Promise<void>;
  readonly type: (keys: string) => void;
  /** The process that runs in the terminal. */
  readonly pid: () => number;
  readonly exited: Promise<number | null>;
}

let open: Terminal | undefined;
afterEach(() => open?.child.kill('SIGKILL'));

/** Runs Node in a terminal of 100x30. */
function terminal(...args: string[]): Terminal {
  const quoted = [process.execPath, ...args].map((arg) => `'${arg.replaceAll("'", "'\\''")}'`).join(' ');
  const env = { ...process.env, TERM: 'xterm-256color', LANG: 'C.UTF-8', FORCE_COLOR: '1' };
  const command = `stty rows 30 cols 100; exec ${quoted}`;
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', command, '/dev/null'], {
    cwd: root,
    env,
  });
  let output = '';
  let seen = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  open = {
    child,
    output: () => output,
    see: (text) =>
      vi.waitFor(
        () => {
          const end = output.length;
          expect(stripVTControlCharacters(output.slice(seen))).toMatch(text);
          seen = end;
        },
        { timeout: 15_000 },
      ),
    type: (keys) => void child.stdin.write(keys),
    pid: () => Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ')[0]),
    exited: once(child, 'close').then(([code]) => (typeof code === 'number' ? code : null)),
  };
  return open;
}

/** The alternate screen was entered and left, and the cursor is on. */
function expectRestored(output: string): void {
  const last = (sequence: string) => output.lastIndexOf(`\u001B[?${sequence}`);
  expect(last('1049h')).toBeGreaterThanOrEqual(0);
  expect(last('1049l')).toBeGreaterThan(last('1049h'));
  expect(last('25h')).toBeGreaterThan(last('25l'));
}

const afterRestored = (output: string): string => output.slice(output.lastIndexOf('\u001B[?1049l'));

describe.skipIf(!hasTerminal)('the terminal UI in a terminal', () => {
  it('shows a loop to its end, changes panes on keys, and restores the screen on q', async () => {
    const at = terminal('scripts/replay.ts', recording, '--speed', '300');
    await at.see(/✓ DONE/);
    at.type('2\r');
    await at.see('[3 detail]');
    at.type('\u001B');
    await wait(200);
    at.type('?');
    await at.see('any key goes back');
    at.type('x');
    await at.see('5 Services');
    at.type('q');
    expect(await at.exited).toBe(0);
    expectRestored(at.output());
    expect(afterRestored(at.output())).toContain('left');
  });

  it('asks before it stops what runs, and stops gracefully', async () => {
    const at = terminal('scripts/replay.ts', recording, '--speed', '5');
    await at.see(/RUNNING/);
    at.type('q');
    await at.see('Stop the loop, clean up and quit? y/n');
    at.type('n');
    await at.see('help');
    at.type('q');
    await at.see('y/n');
    at.type('y');
    expect(await at.exited).toBe(0);
    expectRestored(at.output());
    expect(afterRestored(at.output())).toContain('stopped');
  });

  it('stops on Ctrl-C, and leaves at once on a second one', async () => {
    // Work that does not end when it is asked to.
    const at = terminal('--input-type=module', '--eval', endless(''));
    await at.see(/RUNNING/);
    at.type('\u0003');
    await at.see('STOPPING');
    at.type('\u0003');
    expect(await at.exited).toBe(0);
    expectRestored(at.output());
    expect(afterRestored(at.output())).toContain('forced after 1 stop');
  });

  it('counts a SIGINT that comes twice within a second once', async () => {
    const at = terminal('--input-type=module', '--eval', endless(''));
    await at.see(/RUNNING/);
    process.kill(at.pid(), 'SIGINT');
    await at.see('STOPPING');
    process.kill(at.pid(), 'SIGINT');
    await wait(300);
    expect(at.child.exitCode).toBeNull();
    await wait(900);
    process.kill(at.pid(), 'SIGINT');
    expect(await at.exited).toBe(0);
    expect(afterRestored(at.output())).toContain('forced after 1 stop');
  });

  it('restores the screen when it is terminated', async () => {
    const at = terminal('scripts/replay.ts', recording, '--speed', '5');
    await at.see(/RUNNING/);
    process.kill(at.pid(), 'SIGTERM');
    expect(await at.exited).toBe(143);
    expectRestored(at.output());
  });

  it('restores the screen when something throws, and shows the error after it', async () => {
    const at = terminal(
      '--input-type=module',
      '--eval',
      endless("setTimeout(() => { throw new Error('boom') }, 500);"),
    );
    expect(await at.exited).toBe(1);
    expectRestored(at.output());
    expect(afterRestored(at.output())).toContain('boom');
  });
});

/** A program whose work has no end, and does not stop when it is asked to. */
function endless(also: string): string {
  return `
    const { loadTui } = await import('${root}/scripts/recording.ts');
    let stops = 0;
    const tui = (await loadTui()).startTui({
      origin: 'command',
      subscribe: () => () => {},
      onStop: () => { stops += 1; },
      finished: new Promise(() => {}),
    });
    ${also}
    const leaving = await tui.closed;
    console.log(leaving + ' after ' + stops + ' stop');
    process.exit(0);`;
}
