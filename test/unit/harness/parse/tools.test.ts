import { expect, test } from 'vitest';
import { parseResults } from '../../../../gym/harness/parse/index.ts';
import { passing } from '../../../../gym/prove/cheats.ts';
import { resultFormat } from '../../../../gym/task/result-format.ts';
import { listed, toolSamples } from './tools.ts';

test.each(toolSamples)('$format: $name', async ({ format, name, text }) => {
  const cases = listed(format, text).map((line) => `${line}\n`);
  await expect(cases.join('')).toMatchFileSnapshot(`../../../fixtures/results/${name}.cases.txt`);
});

test.each(resultFormat.options)('%s: the results that a cheat plants are such as would be believed', (format) => {
  expect(parseResults(format, passing[format], '/')).toMatchObject({ kind: 'cases', cases: [{ state: 'passed' }] });
});
