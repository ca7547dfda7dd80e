import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { State } from '../../../gym/events/event.ts';
import { runKey } from '../../../gym/prove/key.ts';
import { removeLeftLoops, takeFolder } from '../../../gym/prove/loops.ts';
import { hintFor, type Matrix, notActivated, unprovenGates } from '../../../gym/prove/matrix.ts';
import { taskMutants } from '../../../gym/prove/mutants.ts';
import { cellsOf, isConclusive } from '../../../gym/prove/patches.ts';
import { openStore } from '../../../gym/store/store.ts';
import { checkResult } from '../../../gym/task/judgement.ts';
import { taskIn, temporaryFolder } from '../../support/repository.ts';

const check = (name: string, state: State) => {
  const part = { margin: null, distance: null, unit: null, parts: [], evidence: [] };
  return checkResult.parse({ name, kind: 'bound', claim: '', because: 'so', again: '', state, ...part });
};

test('what did not hold without the fault kills nothing, and is no proof', () => {
  const clean = { checks: [check('warned', 'fail'), check('waived', 'waived'), check('holds', 'pass')] };
  const broken = { checks: [check('warned', 'fail'), check('waived', 'fail'), check('holds', 'pass')] };
  const cells = cellsOf('f', broken, clean);
  expect(cells).toEqual([{ check: 'holds', fault: 'f', outcome: 'survived', because: 'so' }]);
  const checks = clean.checks.map(({ name, kind, state }) => ({ name, kind, severity: 'gate' as const, state }));
  const matrix: Matrix = { checks, faults: [], cells };
  expect(unprovenGates(matrix)).toContain('waived');
  expect(checks.slice(1, 2).map((each) => hintFor(matrix, each))).toEqual([
    'it does not hold without a fault either (waived): mend that first',
  ]);
});

test('only what would be the same again is kept: nobody could judge says something of the machine', () => {
  const kept = (...states: State[]) => {
    const checks = states.map((state, index) => check(`c${index}`, state));
    const clean = { checks: checks.map(({ name }) => check(name, 'pass')) };
    return isConclusive({ fault: 'f', cells: cellsOf('f', { checks }, clean) });
  };
  expect([kept('fail', 'unknown'), kept('pass', 'pass'), kept('pass', 'unknown')]).toEqual([true, true, false]);
});

test('a fault that did not take effect is told with the reason', () => {
  const cell = (fault: string, outcome: Matrix['cells'][number]['outcome']) => ({
    check: 'c',
    fault,
    outcome,
    because: 'why',
  });
  const faults = ['dead', 'seen'].map((name) => ({ name, tier: 'patch' as const, what: '', caughtBy: [] }));
  const cells = [cell('dead', 'not-activated'), cell('seen', 'killed')];
  expect(notActivated({ checks: [], faults, cells })).toEqual([{ name: 'dead', because: 'why' }]);
});

test('a run is another one with another gym, workspace, fault, or value that the Compose file takes from outside', () => {
  using folder = temporaryFolder();
  folder.write('compose.yaml', `services: { app: { image: "a:\${TAG:-1}" } }\n`);
  const task = taskIn(folder.path);
  const workspace = { root: '', hash: 'h', definition: '', restored: [] };
  const key = (environmentVariables = {}, hash = 'h', version = '1', fault = 'f') =>
    runKey({ task, environmentVariables, version }, { workspace: { ...workspace, hash } }, fault);
  const before = [key(), key({ TAG: '2' }), key({}, 'other'), key({}, 'h', '2'), key({}, 'h', '1', 'g')];
  expect(key({ EDITOR: 'vi' })).toBe(key());
  folder.write('.env', 'TAG=3\n');
  expect(new Set([...before, key()]).size).toBe(6);
});

test('mutants of one line have names of their own, and files that git ignores have none', async () => {
  using folder = temporaryFolder();
  folder.git('init', '-q');
  folder.write('.gitignore', 'dist/\n');
  folder.write('dist/a.js', 'if (a < b) x();\n');
  folder.write('src/a.js', 'if (a < b && c < d) x();\n');
  const names = (await taskMutants(taskIn(folder.path, { mutate: ['**/*.js'] }))).map(({ name }) => name);
  expect(names).toEqual(['src/a.js:1:7 < → <=', 'src/a.js:1:11 && → ||', 'src/a.js:1:16 < → <=']);
});

test('loops that a killed gym left go with their branch; others and other worktrees stay', async () => {
  using folder = temporaryFolder();
  folder.git('init', '-q');
  folder.git('commit', '-q', '--allow-empty', '-m', 'x');
  folder.git('worktree', 'add', '-q', join(folder.path, 'away'));
  folder.git('branch', 'gym/count/left');
  folder.git('branch', 'gym/count/living');
  // As on a disk that is not there now.
  spawnSync('mv', ['away', 'moved'], { cwd: folder.path });
  const place = { task: taskIn(folder.path), store: openStore(folder.path) };
  const [source, store] = ['loops', 'store'].map((name) =>
    join(import.meta.dirname, `../../../gym/${name === 'store' ? 'store' : 'prove'}/${name}.ts`),
  );
  const code = `import { takeFolder } from '${source}'; import { openStore } from '${store}';
    takeFolder({ task: {}, store: openStore('${folder.path}') }, 'left'); process.kill(process.pid, 'SIGKILL');`;
  spawnSync(process.execPath, ['--no-warnings', '--input-type=module', '--eval', code]);
  const left = join(folder.path, '.gym/proofs/loop-left');
  expect(existsSync(left)).toBe(true);
  const living = takeFolder(place, 'living');
  await removeLeftLoops(place);
  expect([existsSync(left), existsSync(living)]).toEqual([false, true]);
  expect(folder.git('branch', '--list', 'gym/*', '--format=%(refname:short)').trim()).toBe('gym/count/living');
  expect(folder.git('worktree', 'list')).toContain('away');
});
