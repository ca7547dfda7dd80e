import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { workspaceFiles } from '../../../gym/task/source.ts';
import { temporaryFolder } from '../harness/support.ts';
import { readingOf } from './reading.ts';

function workspace(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'k8s'));
  mkdirSync(join(folder, 'node_modules/a'), { recursive: true });
  writeFileSync(join(folder, 'k8s/a.yaml'), 'kind: Service\n---\nkind: Deployment\nreplicas: 2\n');
  writeFileSync(join(folder, 'k8s/b.yaml'), 'kind: Job\n');
  writeFileSync(join(folder, 'node_modules/a/c.yaml'), 'kind: None\n');
  symlinkSync('/etc/passwd', join(folder, 'k8s/link.yaml'));
  return folder;
}

const change = (folder: string): void => writeFileSync(join(folder, 'k8s/b.yaml'), 'kind: Changed\n');

test('documents of files, as they were before any stage, with their places and sizes', async () => {
  const schema = z.object({ kind: z.string(), replicas: z.number().default(1) });
  const source = workspaceFiles({
    pattern: '**/*.yaml',
    format: 'yaml',
    schema,
    samples: ({ kind, replicas }) => [{ metric: 'replicas', labels: { kind }, value: replicas, unit: 'count' }],
  });
  const reading = await readingOf(source, { folder: workspace(), during: change });
  expect(reading.documents).toEqual([
    { value: { kind: 'Service' }, place: { file: 'k8s/a.yaml', line: 1 }, lines: { '/kind': 1 } },
    {
      value: { kind: 'Deployment', replicas: 2 },
      place: { file: 'k8s/a.yaml', line: 3 },
      lines: { '/kind': 3, '/replicas': 4 },
    },
    { value: { kind: 'Job' }, place: { file: 'k8s/b.yaml', line: 1 }, lines: { '/kind': 1 } },
  ]);
  expect(reading.samples).toMatchObject([
    { metric: 'files', value: 2n },
    { metric: 'bytes', value: 47n, labels: { path: 'k8s/a.yaml' } },
    { metric: 'bytes', value: 10n, labels: { path: 'k8s/b.yaml' } },
    { metric: 'replicas', value: 1n, labels: { kind: 'Service' } },
    { metric: 'replicas', value: 2n },
    { metric: 'replicas', value: 1n, labels: { kind: 'Job' } },
  ]);
});

test('with a stage they are as they are after it', async () => {
  const source = workspaceFiles({ stage: 'e2e', pattern: ['k8s/b.yaml'], format: 'yaml' });
  const reading = await readingOf(source, { folder: workspace(), during: change });
  expect(reading.documents).toMatchObject([{ value: { kind: 'Changed' } }]);
});

test('what is written in the workspace is judged even where no stage passed; what is read after a stage is not', async () => {
  const around = { folder: workspace(), during: () => 'fail' as const };
  expect(await readingOf(workspaceFiles({ pattern: 'k8s/*' }), around)).toMatchObject({
    samples: [{ metric: 'files', value: 2n }, {}, {}],
  });
  expect(await readingOf(workspaceFiles({ stage: 'e2e', pattern: 'k8s/*' }), around)).toMatchObject({
    samples: [],
    problem: 'the stage e2e did not pass (fail)',
  });
});

test('a document that does not fit is named with its line', async () => {
  const source = workspaceFiles({ pattern: 'k8s/a.yaml', format: 'yaml', schema: z.object({ replicas: z.number() }) });
  const { problem } = await readingOf(source, { folder: workspace() });
  expect(problem).toMatch(/^k8s\/a\.yaml:1 cannot be used: replicas: Invalid input: expected number/);
});
