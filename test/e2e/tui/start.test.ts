import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, expect, test, vi } from 'vitest';
import { tinyCheckout } from '../../support/gym/checkout.ts';
import { gym, ownEnv, program } from '../../support/gym/program.ts';

// `script` of util-linux gives a real terminal. It is part of every Linux distribution, but not of other systems.
const hasTerminal = spawnSync('script', ['--version']).stdout?.toString().includes('util-linux') ?? false;
if (!hasTerminal) console.warn('SKIPPED: the start screen is not tested, because `script` of util-linux is missing');

let open: ChildProcessWithoutNullStreams | undefined;
afterEach(() => open?.kill('SIGKILL'));

/** `gym` in a terminal of 100x30. `see` waits for text in what was written after the last call. */
function startScreen(cwd: string) {
  const command = `stty rows 30 cols 100; exec '${process.execPath}' '${program}'`;
  const env = { ...ownEnv, TERM: 'xterm-256color', LANG: 'C.UTF-8' };
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', command, '/dev/null'], { cwd, env });
  open = child;
  let output = '';
  let seen = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const see = (text: RegExp) =>
    vi.waitFor(
      () => {
        const end = output.length;
        expect(stripVTControlCharacters(output.slice(seen))).toMatch(text);
        seen = end;
      },
      { timeout: 30_000 },
    );
  const exited = once(child, 'close').then(([code]) => code);
  return { see, type: (keys: string) => void child.stdin.write(keys), exited, output: () => output };
}

test.skipIf(!hasTerminal)(
  'an earlier run and one that is begun are on the same screen, from which one comes back',
  async () => {
    using checkout = tinyCheckout();
    expect((await gym(checkout.path, ['verify'])).exitCode).toBe(0);
    const at = startScreen(checkout.path);
    await at.see(/Runs.*✓ pass +verify tiny +distance 0/s);
    at.type('?');
    await at.see(/verify the task, or open the run/);
    at.type('x\t\r');
    await at.see(/✓ PASS .*1 Stages.*q back/s);
    at.type('\u001B');
    await at.see(/Tasks.*› ✓ pass/s);
    // Nothing has changed: it is over at once.
    at.type('\t\r');
    await at.see(/✓ PASS .*cached.*q back/s);
    at.type('q');
    await at.see(/› tiny.*✓ pass.*✓ pass/s);
    at.type('q');
    expect(await at.exited).toBe(0);
    // What it printed is on the screen as it was before, whenever that is to be seen.
    const beside = at
      .output()
      .split('\u001B[?1049l')
      .map((shown) => shown.split('\u001B[?1049h')[0] ?? '');
    expect(beside.slice(1).map(stripVTControlCharacters).join('')).toContain('PASS  tiny');
  },
);
