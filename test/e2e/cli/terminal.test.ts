import { spawn, spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { tinyCheckout } from '../../support/gym/checkout.ts';
import { ownEnv, program } from '../../support/gym/program.ts';

// `script` of util-linux gives a real terminal. It is part of every Linux distribution, but not of other systems.
const hasTerminal = spawnSync('script', ['--version']).stdout?.toString().includes('util-linux') ?? false;
if (!hasTerminal)
  console.warn('SKIPPED: pages at a terminal are not tested, because `script` of util-linux is missing');

/** What gym writes to a terminal of 120 columns. */
async function writtenTo(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const command = `stty cols 120; exec '${process.execPath}' '${program}' ${args.join(' ')}`;
  const options = ['--quiet', '--return', '--command', command, '/dev/null'];
  const child = spawn('script', options, { cwd, stdio: ['ignore', 'pipe', 'inherit'], env: { ...ownEnv, ...env } });
  return (await text(child.stdout)).replaceAll('\r', '');
}

/** A service that does not get healthy. */
const sick = `services:
  box:
    image: debian:bookworm-slim
    command: [sleep, infinity]
    healthcheck: { test: [CMD, 'false'], interval: 100ms, retries: 1 }
`;

test.skipIf(!hasTerminal)('a problem is told once at a terminal: the page follows the lines of progress', async () => {
  using checkout = tinyCheckout({ services: sick });
  const said = stripVTControlCharacters(await writtenTo(checkout.path, ['verify']));
  expect(said).toMatch(/^UNKNOWN {2}tiny: /m);
  expect(said.match(/^error.*service box/gm)).toHaveLength(1);
});

test.skipIf(!hasTerminal)(
  "an agent's terminal is none: few words, no colour, no progress, and no UI that waits for keys",
  async () => {
    using checkout = tinyCheckout({ services: sick });
    const agent = { AI_AGENT: 'some-agent' };
    const said = await writtenTo(checkout.path, ['verify'], agent);
    expect(said).toMatch(
      /^UNKNOWN tiny: nothing was judged\n[^\n]*service box.*\nUNKNOWN tiny {3}more: gym show \S+ {3}logs: .* box\n$/s,
    );
    expect(said).not.toContain('\u001b');
    expect(await writtenTo(checkout.path, [], agent)).toContain('gym verify');
  },
);
