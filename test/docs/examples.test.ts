import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../gym/cli/command.ts';
import { commands } from '../../gym/cli/commands.ts';
import { loadTask } from '../../gym/task/load.ts';
import type { Reading } from '../../gym/task/measurement.ts';

const top = join(import.meta.dirname, '../..');
const cache = join(top, 'node_modules', '.cache');
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(cache, 'docs-'));
afterAll(() => rmSync(folder, { recursive: true }));

const compose =
  'services:\n  app:\n    image: debian:bookworm-slim\n    volumes: ["shared:/shared"]\nvolumes: { shared: {} }\n';

/** The blocks of the docs that are marked as a task file. */
const examples = globSync(['docs/*.md', 'README.md'], { cwd: top }).flatMap((page) =>
  [...readFileSync(join(top, page), 'utf8').matchAll(/```ts file=task\.ts\n(.*?)```/gs)].map(
    ([, code = ''], index) => ({
      name: `${page.replace(/\W/g, '-')}-${index}`,
      code,
    }),
  ),
);

/** The blocks that are marked as a list of checks, or of sources; a task of their own makes them whole. */
const listsOf = (what: 'checks' | 'sources'): { name: string; code: string }[] =>
  globSync('docs/*.md', { cwd: top }).flatMap((page) =>
    [
      ...readFileSync(join(top, page), 'utf8').matchAll(new RegExp(`\`\`\`ts file=${what}\\.ts\\n(.*?)\`\`\``, 'gs')),
    ].map(([, code = ''], index) => ({ name: `${page.replace(/\W/g, '-')}-${what}-${index}`, code })),
  );
const checkLists = listsOf('checks');
const sourceLists = listsOf('sources');
const aroundChecks = `import { defineTask, json, z } from 'devgym';
import { checks } from './checks.ts';

const risks = Object.fromEntries(checks.flatMap(({ risk }) => risk).map((name) => [name, 'what could be harmed']));
const read = json({ stage: 'e2e', path: 'report.json', schema: z.json(), samples: () => [] });
const measurements = Object.fromEntries(checks.flatMap(({ sources }) => sources).map((name) => [name, read]));
const stages = [{ name: 'e2e', service: 'app', command: 'true' }];
export default defineTask({
  name: 'checks', instruction: 'TASK.md', compose: 'compose.yaml', stages, measurements, risks, invariants: [...checks],
});
`;

const aroundSources = `import { defineTask } from 'devgym';
import { sources } from './sources.ts';

export default defineTask({
  name: 'sources', instruction: 'TASK.md', compose: 'compose.yaml', measurements: sources,
  stages: [{ name: 'e2e', service: 'app', command: 'true' }],
});
`;

/** Every command line of gym in a block of shell, without comments, quotes and what follows `&&`. */
const commandLines = globSync(['docs/*.md', 'README.md', 'envs/*/README.md'], { cwd: top }).flatMap((page) =>
  [...readFileSync(join(top, page), 'utf8').matchAll(/```sh\n(.*?)```/gs)]
    .flatMap(([, code = '']) => code.split(/\n|&&/))
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => /^(npx )?gym /.test(line))
    .map((line) => ({ page, line })),
);

describe('command lines in the docs', () => {
  it.each(commandLines)('$line', ({ line }) => {
    const [name, ...words] = line.replace(/^(npx )?gym /, '').split(/\s+/);
    const command = commands.find((each) => each.name === name);
    expect(command && parseCommandLine(command, words)).toMatchObject({ ok: true });
  });
});

describe('task files in the docs', () => {
  it('are there', () => {
    expect(examples.length).toBeGreaterThanOrEqual(3);
  });

  it.each(examples)('$name loads', async ({ name, code }) => {
    const example = join(folder, name);
    mkdirSync(example);
    writeFileSync(join(example, 'task.ts'), code);
    writeFileSync(join(example, 'TASK.md'), 'Do it.\n');
    writeFileSync(join(example, 'compose.yaml'), compose);
    const task = await loadTask(join(example, 'task.ts'));
    expect(task.ok ? [] : task.problems).toEqual([]);
  });

  it.each(sourceLists)('$name: sources that make a task whole', async ({ name, code }) => {
    const example = join(folder, name);
    mkdirSync(example);
    writeFileSync(join(example, 'task.ts'), aroundSources);
    writeFileSync(join(example, 'sources.ts'), code);
    writeFileSync(join(example, 'TASK.md'), 'Do it.\n');
    writeFileSync(join(example, 'compose.yaml'), compose);
    const task = await loadTask(join(example, 'task.ts'));
    expect(task.ok ? [] : task.problems).toEqual([]);
  });

  it.each(checkLists)('$name: checks that do not hold where nothing was read or found', async ({ name, code }) => {
    const example = join(folder, name);
    mkdirSync(example);
    writeFileSync(join(example, 'checks.ts'), code);
    writeFileSync(join(example, 'task.ts'), aroundChecks);
    writeFileSync(join(example, 'TASK.md'), 'Do it.\n');
    writeFileSync(join(example, 'compose.yaml'), compose);
    const task = await loadTask(join(example, 'task.ts'));
    expect(task.ok ? [] : task.problems).toEqual([]);
    const invariants = task.ok ? task.value.invariants : [];
    expect(invariants).not.toEqual([]);
    const sources = invariants.flatMap((invariant) => invariant.sources);
    const found = sources.map((source) => [source, { source, witness: false, samples: [], documents: [] }] as const);
    for (const readings of [new Map<string, Reading>(), new Map<string, Reading>(found)]) {
      const evidence = { readings, logs: new Map() };
      for (const { state } of invariants.map((each) => each.judge(evidence))) {
        expect(['vacuous', 'unknown']).toContain(state);
      }
    }
  });

  it('show every kind', () => {
    const kinds = globSync('invariants/*.ts', { cwd: top }).flatMap((file) =>
      [...readFileSync(join(top, file), 'utf8').matchAll(/^export const (\w+) = defineInvariant/gm)].map(
        ([, kind = '']) => kind,
      ),
    );
    const shown = checkLists.map(({ code }) => code).join('\n');
    expect(kinds.length).toBeGreaterThan(10);
    expect(kinds.filter((kind) => !shown.includes(`  ${kind}({`) && !shown.includes(`[${kind}({`))).toEqual([]);
  });

  it('fit the types of the public API', async () => {
    const options = {
      extends: join(top, 'tsconfig.json'),
      compilerOptions: { paths: { devgym: [join(top, 'gym/index.ts')] } },
    };
    const [, program = ''] =
      /```ts file=judge\.ts\n(.*?)```/s.exec(readFileSync(join(top, 'docs/api.md'), 'utf8')) ?? [];
    expect(program).toContain('verify');
    writeFileSync(join(folder, 'judge.ts'), program);
    const include = ['*/task.ts', 'judge.ts'];
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ ...options, include, exclude: [] }));
    const tsc = await execa('tsc', ['-p', folder], { preferLocal: true, localDir: top, reject: false });
    expect(tsc.stdout).toBe('');
    expect(tsc.exitCode).toBe(0);
  });
});
