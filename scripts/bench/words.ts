// How many tokens an agent reads of the same failures: of gym's verdict, of what the tools print, and of the tools' own reporters for agents.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { z } from 'zod';
import { table, writeFigures } from './measure.ts';
import { type Dialect, type Fact, nodeTest, pytest, vitestLike, writeSuite } from './suite.ts';

const top = join(import.meta.dirname, '../..');
const gym = join(top, 'dist', 'gym.js');

interface Tool {
  readonly name: string;
  readonly dialect: Dialect;
  /** Ways to have it print its results, the first as it is without options. */
  readonly reporters: Readonly<Record<string, readonly string[]>>;
  /** The stage's command, and what it writes. */
  readonly stage: { readonly command: string; readonly results: { readonly format: string; readonly path: string } };
}

const junit = { format: 'junit', path: 'results.xml' };

function tools(packages: string): Tool[] {
  const vitest = ['node', join(top, 'node_modules/vitest/vitest.mjs'), 'run', '--globals'];
  const jest = ['node', join(packages, 'node_modules/jest/bin/jest.js')];
  const node = ['node', '--test'];
  const py = ['python3', '-m', 'pytest', '-p', 'no:cacheprovider'];
  const reporting = (command: readonly string[], reporter: string): readonly string[] => [
    ...command,
    `--reporter=${reporter}`,
  ];
  const testing = (reporter: string): readonly string[] => [...node, `--test-reporter=${reporter}`];
  return [
    {
      ...{ name: 'Vitest', dialect: vitestLike },
      reporters: { default: vitest, 'its `agent`': reporting(vitest, 'agent') },
      stage: {
        command: `${vitest.join(' ')} --reporter=default --reporter=junit --outputFile.junit=results.xml`,
        results: junit,
      },
    },
    {
      ...{ name: 'Jest', dialect: vitestLike },
      reporters: { default: jest, '`--silent --reporters=summary`': [...jest, '--silent', '--reporters=summary'] },
      stage: {
        command: `${jest.join(' ')} --json --outputFile=results.json`,
        results: { format: 'vitest', path: 'results.json' },
      },
    },
    {
      ...{ name: 'node:test', dialect: nodeTest },
      reporters: { 'default (`spec`)': testing('spec'), '`tap`': testing('tap'), '`junit`': testing('junit') },
      stage: {
        command: `node --test --test-reporter=spec --test-reporter-destination=stdout --test-reporter=junit --test-reporter-destination=results.xml`,
        results: junit,
      },
    },
    {
      ...{ name: 'pytest', dialect: pytest },
      reporters: {
        default: py,
        '`-q --tb=short`': [...py, '-q', '--tb=short'],
        '`-q --tb=line`': [...py, '-q', '--tb=line'],
      },
      stage: { command: `${py.join(' ')} test/*.py --junitxml=results.xml`, results: junit },
    },
  ];
}

/** Counts tokens as GPT-4o and later models do; other models' tokens differ, the ratios hardly. */
async function counterIn(packages: string): Promise<(text: string) => number> {
  const module: unknown = await import(pathToFileURL(join(packages, 'node_modules/gpt-tokenizer/esm/main.js')).href);
  const { countTokens } = z.object({ countTokens: z.custom<(text: string) => number>() }).parse(module);
  return countTokens;
}

/** What of the facts a text does not have, in words; of many failures with one cause, it has to have the first and how many there are. */
function missing(text: string, facts: readonly Fact[]): string[] {
  const needed = facts.length > 3 ? facts.slice(0, 1) : facts;
  const lacks = (what: string, has: (fact: Fact) => boolean): string[] => (needed.every(has) ? [] : [what]);
  return [
    ...lacks('names', ({ name }) => text.includes(name)),
    ...lacks('file:line', ({ file, line }) => text.includes(`${file}:${line}`)),
    ...lacks('expected', ({ want }) => text.includes(want)),
    ...lacks('actual', ({ got }) => text.includes(got)),
    ...lacks('how many', () => text.includes(String(facts.length))),
  ];
}

function makeRepo(folder: string, { stage }: Tool): void {
  const task = {
    name: 'orders',
    instruction: 'TASK.md',
    compose: 'compose.yaml',
    stages: [{ name: 'unit', ...stage }],
  };
  const service =
    'services:\n  box:\n    image: debian:bookworm-slim\n    command: [sleep, infinity]\n    init: true\n';
  writeFileSync(join(folder, 'compose.yaml'), service);
  writeFileSync(join(folder, 'TASK.md'), 'Nothing is to be done.\n');
  writeFileSync(join(folder, 'package.json'), '{}\n');
  writeFileSync(
    join(folder, 'task.ts'),
    `import { defineTask } from 'devgym';\n\nexport default defineTask(${JSON.stringify(task)});\n`,
  );
  execFileSync('git', ['init', '-q'], { cwd: folder });
}

async function printed(command: readonly string[], cwd: string): Promise<string> {
  const [program = '', ...args] = command;
  const env = { NO_COLOR: '1', FORCE_COLOR: undefined, NODE_TEST_CONTEXT: undefined };
  const { all } = await execa(program, args, { cwd, env, all: true, reject: false, stdin: 'ignore' });
  return all;
}

/** Measures and writes the table into docs/benchmarks.md. It takes packages from npm, and pytest. */
export async function benchWords(): Promise<void> {
  const packages = mkdtempSync(join(tmpdir(), 'gym-bench-words-'));
  try {
    writeFileSync(join(packages, 'package.json'), '{}');
    const install = ['install', '--no-audit', '--no-fund', 'gpt-tokenizer', 'jest'];
    const installed = await execa('npm', install, { cwd: packages, reject: false });
    if (installed.exitCode !== 0 || !existsSync(join(packages, 'node_modules/jest'))) {
      console.log('\nTokens of a verdict: npm packages cannot be had here, nothing is compared');
      return;
    }
    const count = await counterIn(packages);
    const rows: string[][] = [];
    for (const failing of ['two', 'forty of one cause'] as const) {
      for (const [index, tool] of tools(packages).entries()) {
        const folder = join(packages, `${failing.slice(0, 3)}-${index}`);
        mkdirSync(folder);
        const facts = writeSuite(folder, tool.dialect, failing);
        makeRepo(folder, tool);
        rows.push(...(await rowsOf(tool, folder, facts, count)));
      }
    }
    const header = ['tests that fail', 'tool', 'what is read', 'bytes', 'tokens', 'times the verdict', 'what it lacks'];
    writeFigures('words', table(header, rows));
  } finally {
    rmSync(packages, { recursive: true, force: true });
  }
}

async function rowsOf(
  tool: Tool,
  folder: string,
  facts: readonly Fact[],
  count: (text: string) => number,
): Promise<string[][]> {
  const verdict = await printed(['node', gym, 'verify', '--for', 'agent'], folder);
  const lacks = missing(verdict, facts);
  if (lacks.length > 0) throw new Error(`the verdict on ${tool.name} lacks ${lacks.join(', ')}:\n${verdict}`);
  const own = count(verdict);
  const row = (what: string, text: string): string[] => {
    const tokens = count(text);
    const gone = missing(text, facts).join(', ');
    return [
      String(facts.length),
      tool.name,
      what,
      String(Buffer.byteLength(text)),
      String(tokens),
      (tokens / own).toFixed(1),
      gone,
    ];
  };
  const others: string[][] = [];
  for (const [reporter, command] of Object.entries(tool.reporters))
    others.push(row(reporter, await printed(command, folder)));
  return [row('**gym**', verdict), ...others];
}
