import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadCompose } from '../../../gym/environment/compose/load.ts';
import { waysOut } from '../../../gym/verify/within.ts';
import { taskIn, temporaryFolder } from '../../support/repository.ts';

/** A checkout with a task, and a snapshot of it in its store; `compose` is the one service of the snapshot's file. */
function judged(compose: string) {
  const folder = temporaryFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  const directory = join(folder.path, '.gym/runs/r/workspace');
  folder.write('.gym/runs/r/workspace/compose.yaml', `services:\n  box:\n    image: i\n${compose}`);
  folder.write('.gym/runs/r/workspace/data/a.txt', '');
  folder.write('data/a.txt', '');
  const problems = (task = taskIn(folder.path)) => {
    const model = loadCompose([join(directory, 'compose.yaml')], { HERE: folder.path }, {});
    if (!model.ok) throw new Error(model.problems[0].message);
    return waysOut({ task, model: model.value, directory, live: [folder.path] }).map(({ message }) => message);
  };
  return { folder, directory, problems };
}

test('a snapshot that leads nowhere else is fine, also with links within it and of what is in a container', () => {
  const { directory, problems } = judged('    volumes: [./data:/data, /etc/hosts:/h, ./later:/later]\n');
  symlinkSync('data/a.txt', join(directory, 'a'));
  symlinkSync('/only/in/the/container', join(directory, 'b'));
  symlinkSync('../../../nothing', join(directory, 'c'));
  expect(problems()).toEqual([]);
});

test('a bind or a build of the folder that is still being changed', () => {
  const binds = judged("    volumes: ['${HERE}/data:/data']\n");
  expect(binds.problems()).toEqual([expect.stringMatching(/^box mounts .*data, which may change while it is judged/)]);
  const builds = judged("    build: { context: '${HERE}', dockerfile_inline: FROM scratch }\n");
  expect(builds.problems()).toEqual([
    expect.stringMatching(/^box is built from .*, which may change while it is judged/),
  ]);
});

test('a link in the place of what is mounted or built', () => {
  const { folder, directory, problems } = judged(
    '    volumes: [./live/data:/data]\n    build: { context: ./live, dockerfile_inline: FROM i }\n',
  );
  symlinkSync(folder.path, join(directory, 'live'));
  const task = taskIn(folder.path);
  const inService = { ...task, stages: task.stages.map((stage) => ({ ...stage, service: 'box' })) };
  expect(problems(inService)).toEqual([
    'box mounts live/data, which leads out of the workspace by a link',
    'box is built from live, which leads out of the workspace by a link',
  ]);
});

test('for stages on the host: links that lead out, and packages between the snapshot and its checkout', () => {
  const { folder, directory, problems } = judged('');
  symlinkSync(join(folder.path, 'data'), join(directory, 'data/more'));
  mkdirSync(join(folder.path, '.gym/runs/node_modules'));
  mkdirSync(join(folder.path, 'node_modules'));
  expect(problems()).toEqual([
    'the workspace has links that lead out of it, which a stage on the host would follow: data/more',
    `somebody put packages where stages on the host would find them: ${join(folder.path, '.gym/runs/node_modules')}`,
  ]);
});
