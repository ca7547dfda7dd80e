// Style, types, unused code and the import rules of the repo in the current folder, all at once; one line per failure.
import { execa } from 'execa';
import { importBreaches } from './imports.ts';

const root = process.cwd();
const checks = { style, types, unused, imports: async () => importBreaches(root) };

const startedAt = performance.now();
const results = await Promise.all(
  Object.entries(checks).map(async ([name, check]) => ({ name, failures: await check() })),
);
for (const { name, failures } of results) {
  for (const failure of failures) console.log(`${name}: ${failure}`);
}
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
const broken = results.filter(({ failures }) => failures.length > 0);
if (broken.length > 0) {
  const counts = broken.map(({ name, failures }) => `${name} ${failures.length}`).join(', ');
  console.error(`check failed in ${seconds} s: ${counts}`);
  process.exitCode = 1;
} else console.log(`check passed in ${seconds} s: ${Object.keys(checks).join(', ')}`);

/** Runs a tool. What fits `pick` of its output is its failures; a tool that fails without saying any is one itself. */
async function failuresOf(command: string, args: string[], pick: (lines: string[]) => string[]): Promise<string[]> {
  const { exitCode, all, failed } = await execa(command, args, {
    cwd: root,
    preferLocal: true,
    localDir: import.meta.dirname,
    reject: false,
    all: true,
    env: { NO_COLOR: '1' },
  });
  const lines = (all ?? '').split('\n').filter((line) => line.trim() !== '');
  if (!failed) return [];
  const failures = pick(lines);
  return failures.length > 0 ? failures : [`${command} ended with ${exitCode ?? 'a signal'}:`, ...lines];
}

async function style(): Promise<string[]> {
  return failuresOf(
    'biome',
    ['check', '--reporter=concise', '--error-on-warnings', '--max-diagnostics=none', '--no-errors-on-unmatched', '.'],
    (lines) => lines.filter((line) => /^[×!i] /.test(line)).map((line) => line.slice(2)),
  );
}

async function types(): Promise<string[]> {
  return failuresOf('tsc', ['-p', '.', '--pretty', 'false'], (lines) =>
    lines
      .filter((line) => / error TS\d+: |^error TS/.test(line))
      .map((line) => line.replace(/^(.+?)\((\d+),(\d+)\): error/, '$1:$2:$3:')),
  );
}

/** knip groups by kind under a heading; each line here tells its kind itself. */
async function unused(): Promise<string[]> {
  return failuresOf('knip', ['--reporter', 'compact', '--no-progress', '--no-config-hints'], (lines) => {
    let kind = '';
    return lines.flatMap((line) => {
      const heading = /^(\S.*) \(\d+\)$/.exec(line)?.[1];
      // A file that nobody uses is named twice.
      if (heading === undefined) return [`${line.replace(/^(.+): \1$/, '$1')}${kind && ` (${kind})`}`];
      kind = heading.toLowerCase();
      return [];
    });
  });
}
