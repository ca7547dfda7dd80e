import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { readEvidence } from '../../../gym/evidence/evidence.ts';
import type { Reading } from '../../../gym/task/measurement.ts';
import { type Task, taskSchema } from '../../../gym/task/schema.ts';
import { json } from '../../../gym/task/source.ts';
import { idleEnvironment, temporaryFolder } from '../harness/support.ts';

/** Reads the one measurement of a stage on the host that leaves something at `path`. */
async function readingOf(
  path: string,
  leave: (folder: string) => void,
  { workdir, before = () => {} }: { workdir?: string; before?: (folder: string) => void } = {},
): Promise<Reading | undefined> {
  const folder = temporaryFolder();
  const schema = z.object({ lost: z.int() });
  const samples = ({ lost }: z.output<typeof schema>) => [{ metric: 'lost', value: lost, unit: 'count' as const }];
  const definition = taskSchema.parse({
    name: 'tiny',
    instruction: 'TASK.md',
    compose: 'compose.yaml',
    stages: [{ name: 'e2e', command: 'true', ...(workdir !== undefined && { workdir }) }],
    measurements: { shop: json({ stage: 'e2e', path, schema, samples }) },
  });
  const task: Task = { ...definition, file: join(folder, 'task.ts'), root: folder };
  const place = { task, environment: idleEnvironment(), hostDirectory: folder, runDirectory: temporaryFolder() };
  const environment = { ...place.environment, flushLogs: async () => {} };
  const reader = readEvidence(
    { ...place, environment, nonce: 'of-this-run', signal: new AbortController().signal },
    () => {},
  );
  before(folder);
  await reader.beforeStage('e2e');
  leave(folder);
  await reader.afterStage('e2e', 'pass');
  return (await reader.evidence()).readings.get('shop');
}

const lost = (count: number): string => JSON.stringify({ lost: count });
const read = { samples: [{ metric: 'lost', value: 3n, unit: 'count', labels: {} }] };

test('the document lies in the folder that the stage runs in', async () => {
  const leave = (folder: string): void => {
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'sub/report.json'), lost(3));
  };
  expect(await readingOf('report.json', leave, { workdir: 'sub' })).toMatchObject(read);
  const elsewhere = join(temporaryFolder(), 'report.json');
  expect(await readingOf(elsewhere, () => writeFileSync(elsewhere, lost(3)))).toMatchObject(read);
});

test('one that was there before is not believed, nor what cannot be cleared', async () => {
  const planted = (folder: string): void => writeFileSync(join(folder, 'report.json'), lost(0));
  expect(await readingOf('report.json', () => {}, { before: planted })).toMatchObject({
    samples: [],
    problem: 'the stage e2e wrote no report.json',
  });
  const inTheWay = (folder: string): void => mkdirSync(join(folder, 'report.json'));
  expect(await readingOf('report.json', () => {}, { before: inTheWay })).toMatchObject({
    samples: [],
    problem: expect.stringMatching(/^an old report\.json could not be removed/),
  });
});

test('a pipe, a link and a document that is none are no measurement', async () => {
  const problemOf = async (leave: (file: string) => void): Promise<string | undefined> =>
    (await readingOf('report.json', (folder) => leave(join(folder, 'report.json'))))?.problem;
  expect(await problemOf((file) => execFileSync('mkfifo', [file]))).toMatch(/cannot be read: it is not a regular file/);
  expect(await problemOf((file) => symlinkSync('/proc/uptime', file))).toMatch(/cannot be read/);
  expect(await problemOf((file) => writeFileSync(file, '{"lost": 1'))).toMatch(/^report\.json is no JSON/);
});
