import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runStage } from '../../../gym/harness/stage.ts';
import { hostContext, stageOf } from './support.ts';

/** A registry that has a newer npm than any. Gives its address. */
async function registry(): Promise<string> {
  const version = '999.0.0';
  const npm = { name: 'npm', 'dist-tags': { latest: version }, versions: { [version]: { name: 'npm', version } } };
  const server = createServer((_, answer) => answer.end(JSON.stringify(npm))).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' ? `http://127.0.0.1:${address?.port}` : '';
}

test.each([
  { what: 'says nothing of newer versions', own: {}, says: false },
  { what: 'does where the stage asks for it', own: { npm_config_update_notifier: 'true' }, says: true },
])('npm in a stage $what', async ({ own, says }) => {
  const context = hostContext();
  writeFileSync(join(context.hostDirectory, 'package.json'), '{"scripts":{"unit":"echo one is wrong; exit 3"}}');
  const cache = join(context.hostDirectory, 'cache', 'npm');
  const env = {
    npm_config_registry: await registry(),
    npm_config_cache: cache,
    npm_config_userconfig: '/dev/null',
    CI: 'false',
  };
  const outcome = await runStage(stageOf({ command: 'npm run unit', env: { ...env, ...own } }), context);
  expect(outcome).toMatchObject({ state: 'fail', because: expect.stringContaining('one is wrong') });
  expect(readFileSync(context.logFile, 'utf8').includes('New major version of npm available')).toBe(says);
});
