import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { readEvidence } from '../../../gym/evidence/evidence.ts';
import { taskSchema } from '../../../gym/task/schema.ts';
import { json } from '../../../gym/task/source.ts';
import { bench } from '../environment/support.ts';

const gym = bench();

const planted = `RUN mkdir /results && echo '{"lost": 0}' > /results/report.json`;

test.each([
  ['belongs to somebody else', `${planted}\nUSER nobody`],
  ['is in an image without rm', `${planted} && rm /usr/bin/rm`],
  ['is in an image whose rm does nothing', `${planted} && ln -sf true /usr/bin/rm`],
])('a document that %s is not believed', async (_, lines) => {
  gym.write('Dockerfile', `FROM debian:bookworm-slim\n${lines}\nCMD ["sleep", "1000"]\n`);
  const environment = await gym.mustUp('services: {app: {build: ., init: true}}');
  const schema = z.object({ lost: z.int() });
  const samples = ({ lost }: z.output<typeof schema>) => [{ metric: 'lost', value: lost, unit: 'count' as const }];
  const definition = taskSchema.parse({
    name: 'tiny',
    instruction: 'TASK.md',
    compose: 'compose.yaml',
    stages: [{ name: 'e2e', service: 'app', command: 'true' }],
    measurements: { shop: json({ stage: 'e2e', path: '/results/report.json', schema, samples }) },
  });
  const task = { ...definition, file: join(gym.folder, 'task.ts'), root: gym.folder };
  const folders = { hostDirectory: gym.folder, runDirectory: gym.folder };
  const reader = readEvidence(
    { task, environment, ...folders, nonce: 'of-this-run', signal: new AbortController().signal },
    () => {},
  );
  await reader.beforeStage('e2e');
  await reader.afterStage('e2e', 'pass');
  expect((await reader.evidence()).readings.get('shop')).toMatchObject({
    samples: [],
    problem: expect.stringMatching(/^an old \/results\/report\.json could not be removed from service app: /),
  });
});
