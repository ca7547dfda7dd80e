import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { oracleAgent } from '../../../gym/agent/oracle.ts';
import { attemptIn } from '../../support/attempt.ts';
import { taskIn, temporaryFolder } from '../../support/repository.ts';

const step = (from: number, to: number): string => `--- a/n.txt\n+++ b/n.txt\n@@ -1 +1 @@\n-${from}\n+${to}\n`;

test('applies the step of the attempt, then does nothing and claims to be done', async () => {
  using folder = temporaryFolder();
  folder.write('solution/01-first.patch', step(2, 1));
  folder.write('solution/02-last.patch', step(1, 0));
  folder.write('work/n.txt', '2\n');
  const agent = oracleAgent(taskIn(folder.path));
  const seen: string[] = [];
  for (const attempt of [1, 2, 3]) {
    const { request, acts } = attemptIn(folder.path, { attempt });
    expect(await agent.attempt(request)).toMatchObject({ kind: 'claimed-done' });
    seen.push(...acts(), readFileSync(join(request.workspace, 'n.txt'), 'utf8').trim());
  }
  expect(seen).toEqual([
    ...['says the next step of the solution: 01-first', 'edits n.txt', '1'],
    ...['says the next step of the solution: 02-last', 'edits n.txt', '0'],
    ...['says no step of the solution is left', '0'],
  ]);
});

test('a step that does not apply fails and names the patch', async () => {
  using folder = temporaryFolder();
  folder.write('solution/01-first.patch', step(2, 1));
  folder.write('work/n.txt', '7\n');
  const outcome = await oracleAgent(taskIn(folder.path)).attempt(attemptIn(folder.path).request);
  const place = { file: join(folder.path, 'solution/01-first.patch') };
  expect(outcome).toMatchObject({ kind: 'failed', retry: 'never', problem: { place } });
});
