import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { rewrittenResults } from '../../../gym/harness/rewritten.ts';
import { runStage } from '../../../gym/harness/stage.ts';
import { hostContext, stageOf, temporaryFolder } from './support.ts';

const results = { format: 'tap', path: 'out/results.tap' } as const;
const passes = "printf '1..1\\nok 1 - a\\n' >";

/** Writes a program that says yes to everything. */
function plant(file: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '#!/bin/sh\nexit 0\n');
  chmodSync(file, 0o755);
}

test('a relative folder of the PATH is none that a stage looks for programs in', async () => {
  const context = hostContext();
  plant(join(context.hostDirectory, 'bin/grep'));
  vi.stubEnv('PATH', `bin:.:${process.env['PATH']}`);
  const outcome = await runStage(stageOf({ command: 'grep -q x /dev/null' }), context);
  vi.unstubAllEnvs();
  expect(outcome).toMatchObject({ state: 'fail', exitCode: 1 });
});

test('npm runs scripts by the shell of the system, whatever an .npmrc names', async () => {
  const context = hostContext();
  const { hostDirectory } = context;
  plant(join(hostDirectory, 'yes'));
  writeFileSync(join(hostDirectory, '.npmrc'), 'script-shell=./yes\n');
  writeFileSync(join(hostDirectory, 'package.json'), '{"scripts":{"test":"exit 7"}}');
  expect(await runStage(stageOf({ command: 'npm test' }), context)).toMatchObject({ state: 'fail', exitCode: 7 });
});

test('results behind a link that leads out of the workspace are not cleared, not read, and judge nothing', async () => {
  const context = hostContext();
  symlinkSync(temporaryFolder(), join(context.hostDirectory, 'out'));
  const outcome = await runStage(stageOf({ command: `${passes} out/results.tap`, results }), context);
  expect(outcome).toMatchObject({ state: 'unknown', because: 'out/results.tap leads out of the workspace by a link' });
});

test('a link that an earlier stage put in the place of a folder does not move a stage elsewhere', async () => {
  const context = hostContext();
  symlinkSync(temporaryFolder(), join(context.hostDirectory, 'app'));
  const outcome = await runStage(stageOf({ command: 'true', workdir: 'app' }), context);
  expect(outcome).toMatchObject({ state: 'unknown', because: 'its folder app leads out of the workspace' });
});

test('results that are written again with the same content show; those that a later stage writes do not', async () => {
  const context = hostContext();
  const { environment, hostDirectory } = context;
  mkdirSync(join(hostDirectory, 'out'));
  const stage = stageOf({ command: `${passes} out/results.tap`, results });
  const outcome = await runStage(stage, context);
  const again = (stages = [stage]) => rewrittenResults({ stages, outcomes: [outcome], environment, hostDirectory });
  expect(outcome.state).toBe('pass');
  expect(await again()).toEqual([]);
  writeFileSync(join(hostDirectory, 'out/results.tap'), '1..1\nok 1 - a\n');
  expect(await again()).toMatchObject([
    { kind: 'evidence', message: expect.stringMatching(/^out\/results\.tap was written again/) },
  ]);
  expect(await again([stage, stageOf({ name: 'later', command: 'true', results })])).toEqual([]);
});
