import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { importBreaches, layers } from '../../scripts/imports.ts';
import { temporaryFolder } from '../support/repository.ts';

function breachesOf(file: string, source: string): string[] {
  using folder = temporaryFolder();
  folder.write(file, source);
  return importBreaches(folder.path);
}

test.each([
  ['gym/cli/run.ts', "import { loop } from '../loop/loop.ts';"],
  ['gym/tui/app.tsx', "import type { Event } from '../events/event.ts';\nexport const App = () => <a />;"],
  ['gym/loop/loop.ts', "import { fault } from '../fault/apply.ts';"],
  ['gym/harness/run.ts', "import type { Sample } from '../evidence/sample.ts';"],
  ['gym/judge/verdict.ts', "import { z } from 'zod';\nimport { sum } from './quantity.ts';"],
  ['gym/gym.ts', "const { main } = await import('./main.ts');"],
  ['gym/main.ts', "import '../invariants/agree.ts';\nimport './tui/open.ts';\nimport './index.ts';"],
  ['gym/index.ts', "export { agree } from '../invariants/agree.ts';\nexport { sum } from './judge/quantity.ts';"],
  [
    'invariants/agree.ts',
    "import '../gym/judge/quantity.ts';\nimport '../gym/task/invariant.ts';\nimport './bound.ts';",
  ],
  ['envs/shuffle/task.ts', "import { defineTask } from 'devgym';\nimport { rows } from './src/rows.ts';"],
  ['gym/cli/text.ts', "// import '../tui/app.tsx';\nexport const text = `import '../mcp/x.ts'`;"],
])('%s may import what it does', (file, source) => {
  expect(breachesOf(file, source)).toEqual([]);
});

test.each([
  ['gym/cli/run.ts', "import { App } from '../tui/app.tsx';", 'gym/cli may not reach into gym/tui'],
  ['gym/verify/run.ts', "import type { Loop } from '../loop/loop.ts';", 'gym/loop, which is above it'],
  ['gym/events/log.ts', "export * from '../judge/verdict.ts';", 'gym/judge, which is above it'],
  ['gym/store/history.ts', "export { run } from '../verify/run.ts';", 'gym/verify, which is above it'],
  ['gym/task/load.ts', "const cli = await import('../cli/help.ts');", 'gym/cli, which is above it'],
  ['gym/judge/check.ts', "import { agree } from '../../invariants/agree.ts';", 'know the catalogue'],
  ['gym/util/text.ts', "import '../task/schema.ts';", 'gym/util is in no layer'],
  ['gym/verify/run.ts', "import { main } from '../main.ts';", 'gym/main.ts is in no layer'],
  ['gym/gym.ts', "import './events/event.ts';", 'loads nothing else'],
  ['gym/index.ts', "export { App } from './tui/app.tsx';", 'no front-end'],
  ['gym/loop/loop.ts', "import task from '../../envs/shuffle/task.ts';", 'gym/loop may not import envs'],
  ['gym/task/define.ts', "import { defineTask } from 'devgym';", 'gym/task may not import devgym'],
  ['invariants/agree.ts', "import '../gym/store/store.ts';", 'invariants see gym/judge and gym/task only'],
  [
    'envs/shuffle/task.ts',
    "import { sum } from '../../gym/judge/quantity.ts';",
    "imports 'devgym' and its own files only",
  ],
  ['envs/shuffle/task.ts', "import other from '../other/task.ts';", "imports 'devgym' and its own files only"],
])('%s with `%s` breaks a rule', (file, source, message) => {
  expect(breachesOf(file, `\n${source}\n`)).toEqual([expect.stringContaining(message)]);
  expect(breachesOf(file, `\n${source}\n`)[0]).toMatch(new RegExp(`^${file}:2: `));
});

test('the table in docs/architecture.md is the one that is held to, and has what there is', () => {
  const top = join(import.meta.dirname, '../..');
  const page = readFileSync(join(top, 'docs/architecture.md'), 'utf8');
  const [, table = ''] = /## Who may import whom\n\n```\n(.*?)```/s.exec(page) ?? [];
  const rows = table.trimEnd().split('\n');
  const named = rows.map((row) => row.split('  ')[0]?.split(' '));
  expect(named).toEqual(layers.map(({ nouns }) => nouns));
  expect(named.flat().sort()).toEqual(readdirSync(join(top, 'gym')).filter((name) => !name.includes('.')));
});
