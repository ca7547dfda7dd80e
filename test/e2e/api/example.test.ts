import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { runsOf, tinyCheckout } from '../../support/gym/checkout.ts';
import { leftOf } from '../../support/gym/engine.ts';
import { repository } from '../../support/gym/program.ts';

const page = readFileSync(join(repository, 'docs/api.md'), 'utf8');
const [, example = ''] = /```ts file=judge\.ts\n(.*?)```/s.exec(page) ?? [];

test('the example of docs/api.md: a verdict, a loop that repairs, and its events', async () => {
  using checkout = tinyCheckout({ stages: [{ name: 'unit', command: 'test -f answer.txt' }] });
  checkout.write('agent.sh', '#!/bin/sh\ntouch answer.txt\n');
  checkout.write('.gitignore', 'node_modules\n');
  checkout.write('judge.ts', example.replace('./agent.sh', `sh ${join(checkout.path, 'agent.sh')}`));
  mkdirSync(join(checkout.path, 'node_modules'));
  symlinkSync(repository, join(checkout.path, 'node_modules/devgym'));
  checkout.git('add', '-A');
  checkout.git('commit', '-qm', 'an agent');
  const ended = await execa(process.execPath, ['judge.ts'], { cwd: checkout.path, reject: false });
  expect(
    ended.stdout
      .replaceAll(/\d{8}-\d{6}-\w{4}/g, 'RUN')
      .replaceAll(/\d+ ms/g, 'N ms')
      .split('\n'),
  ).toEqual([
    'unit: fail after N ms',
    expect.stringMatching(/^fail: unit: /),
    expect.stringMatching(/^done: .* on gym\/.*RUN/),
    'attempt 0: fail',
    'attempt 1: pass',
  ]);
  expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
  expect(runsOf(checkout.path)).toHaveLength(4);
  expect(leftOf(checkout.path)).toEqual([]);
});
