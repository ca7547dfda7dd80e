import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../gym/cli/command.ts';
import { commands } from '../../gym/cli/commands.ts';
import { loadTask } from '../../gym/task/load.ts';

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

  it('fit the types of the public API', async () => {
    const options = {
      extends: join(top, 'tsconfig.json'),
      compilerOptions: { paths: { devgym: [join(top, 'gym/index.ts')] } },
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ ...options, include: ['*/task.ts'], exclude: [] }));
    const tsc = await execa('tsc', ['-p', folder], { preferLocal: true, localDir: top, reject: false });
    expect(tsc.stdout).toBe('');
    expect(tsc.exitCode).toBe(0);
  });
});
