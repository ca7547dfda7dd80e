import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runStage } from '../../../gym/harness/stage.ts';
import { hostContext, stageOf } from './support.ts';

/** A registry that has a newer npm than any: its address, and what it was asked for. */
async function registry(): Promise<{ address: string; asked: (string | undefined)[] }> {
  const asked: (string | undefined)[] = [];
  const version = '999.0.0';
  const npm = { name: 'npm', 'dist-tags': { latest: version }, versions: { [version]: { name: 'npm', version } } };
  const server = createServer(({ url }, answer) => {
    asked.push(url);
    answer.end(JSON.stringify(npm));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  return { asked, address: typeof address === 'object' ? `http://127.0.0.1:${address?.port}` : '' };
}

test.each([
  { what: 'does not look for newer versions', own: {}, looks: false },
  { what: 'does where the stage asks for it', own: { npm_config_update_notifier: 'true' }, looks: true },
])('npm in a stage $what', async ({ own, looks }) => {
  const context = hostContext();
  const { address, asked } = await registry();
  writeFileSync(
    join(context.hostDirectory, 'package.json'),
    '{"scripts":{"unit":"sleep 1; echo one is wrong; exit 3"}}',
  );
  const cache = join(context.hostDirectory, 'cache', 'npm');
  const env = {
    npm_config_registry: address,
    npm_config_cache: cache,
    npm_config_userconfig: '/dev/null',
    CI: 'false',
  };
  const outcome = await runStage(stageOf({ command: 'npm run unit', env: { ...env, ...own } }), context);
  expect(outcome).toMatchObject({ state: 'fail', because: expect.stringContaining('one is wrong') });
  expect(asked.length > 0).toBe(looks);
});
