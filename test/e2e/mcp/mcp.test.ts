import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { verdictSchema } from '../../../gym/judge/verdict.ts';
import { box, tapStage, tinyCheckout } from '../../support/gym/checkout.ts';
import { containersOf, leftOf } from '../../support/gym/engine.ts';
import { connectMcp, type McpSession } from '../../support/gym/mcp.ts';
import { program } from '../../support/gym/program.ts';

const failing = tapStage('1..2\nok 1 - adds up\nnot ok 2 - takes away\n', { exitCode: 1 });
const slow = { name: 'unit', service: 'box', command: 'echo begun; sleep 300' };

test('verify, wait, and look at what does not hold', async () => {
  const talking = box.replace('[sleep, infinity]', "[sh, -c, 'echo hello; exec sleep infinity']");
  using checkout = tinyCheckout({ stages: [failing], services: talking });
  // What a task file prints is not the protocol's.
  const file = join(checkout.path, 'envs/tiny/task.ts');
  const source = `${readFileSync(file, 'utf8')}console.log('{"type":"run.started"} I am loaded');\n`;
  const define = (text: string): void => {
    writeFileSync(file, text);
    checkout.git('commit', '-qam', 'another definition');
  };
  define(source);
  await using mcp = await connectMcp(checkout.path, 'auto');
  expect(mcp.client.getProtocolEra()).toBe('modern');

  const [first, second] = await Promise.all([mcp.call('verify'), mcp.call('verify')]);
  const run = first.state?.run ?? '';
  expect(first.state).toEqual({ run, state: 'running', text: first.text });
  expect(second).toMatchObject({ isError: true, text: expect.stringContaining('one run at a time') });

  const heard: string[] = [];
  const onprogress = ({ message = '' }): number => heard.push(message);
  const verdict = await mcp.call('wait', { run }, { onprogress });
  expect(verdict.state).toEqual({ run, state: 'fail', text: verdict.text });
  expect(verdict.text).toMatch(/^FAIL tiny .*\n.*takes away/s);
  expect(verdict.text).toContain(run);
  expect(Buffer.byteLength(verdict.text)).toBeLessThanOrEqual(2048);
  expect(heard).toEqual(expect.arrayContaining(['up', 'stage unit', 'stage unit: fail']));

  expect((await mcp.call('show', { what: run })).text).toBe(verdict.text);
  expect((await mcp.call('show', { what: `${run}:unit` })).text).toContain('every case of unit passes');
  expect((await mcp.call('show', { what: `${run}:takes away` })).text).toMatch(/^takes away/);
  expect((await mcp.call('logs', { run, name: 'box' })).text).toBe('hello');
  expect((await mcp.call('logs', { run, name: 'box', around: '0.1s' })).isError).toBe(false);
  expect(await mcp.call('logs', { run, name: 'bux' })).toMatchObject({
    ...{ isError: true, text: expect.stringContaining('Did you mean box?') },
  });
  const explained = (await mcp.call('explain', { what: 'unit' })).text;
  expect(explained).toMatch(/^unit \(cases, gate\): fail in run .*Judged: by .*takes away.*To do: Repair/s);
  expect((await mcp.call('explain', { what: 'vacuous' })).text).toContain('nothing to judge');
  expect((await mcp.call('explain', { what: 'UNPROVEN' })).text).toMatch(/never seen to fail.*gym prove/s);
  expect(await mcp.call('explain', { what: 'vacous' })).toMatchObject({
    isError: true,
    text: /Did you mean vacuous\?/,
  });
  // What others have left behind may be told before it.
  expect((await mcp.call('env_status')).text).toMatch(/(^|\n)nothing is up$/);
  expect(await mcp.call('env_reset')).toMatchObject({
    isError: true,
    text: expect.stringMatching(/is not up.*gym up/s),
  });
  expect(await mcp.call('verify', { task: 'tinny' })).toMatchObject({
    isError: true,
    text: expect.stringMatching(/Did you mean tiny\?/),
  });

  // Else the newest run would be shown for another one that was meant.
  expect(await mcp.call('show', { run })).toMatchObject({ isError: true, text: expect.stringContaining('"run"') });

  const { resources } = await mcp.client.listResources();
  expect(resources.map(({ uri }) => uri)).toEqual(['gym://task/tiny', `gym://run/${run}`]);
  const read = async (uri: string): Promise<string> => {
    const { contents } = await mcp.client.readResource({ uri });
    return z.object({ text: z.string() }).parse(contents[0]).text;
  };
  expect(await read('gym://task/tiny')).toMatch(/^Make it pass\.\n.*- unit \(cases, gate\): every case/s);
  expect(verdictSchema.parse(JSON.parse(await read(`gym://run/${run}`)))).toMatchObject({ run, state: 'fail' });
  await expect(read('gym://run/nothing')).rejects.toThrow('not found');

  const proposal = { files: ['envs/tiny/task.ts'], reason: 'it asks too much' };
  const softer = { ...proposal, content: `${source}// softer\n` };
  expect((await mcp.call('propose', softer)).text).toContain('A person decides: gym review ');
  expect(readFileSync(file, 'utf8')).toBe(source);
  expect(await mcp.call('propose', proposal)).toMatchObject({
    isError: true,
    text: expect.stringMatching(/is as it is/),
  });
  expect(await mcp.call('propose', { ...proposal, files: ['nothing.txt'] })).toMatchObject({ isError: true });

  define('export default 5;');
  await expect(read('gym://task/tiny')).rejects.toThrow('envs/tiny/task.ts:1: the default export');

  // The task file as it is now, not as the server saw it first.
  define(source.replace('not ok 2', 'ok 2').replace('exit 1', 'exit 0'));
  const again = await mcp.call('wait', { run: await mcp.verify('tiny') });
  expect(again.state?.state).toBe('pass');
  expect(again.text).toMatch(/^PASS tiny.*run \d{8}-/s);
  expect(leftOf(checkout.path)).toEqual([]);
});

/** Resolves when a run is in its stage, asleep. */
async function asleep(mcp: McpSession, run: string): Promise<void> {
  for (;;) {
    const { text } = await mcp.call('wait', { run, seconds: 0.2 });
    if (text.includes('unit running')) return;
    expect(text).toContain('running');
  }
}

test('a wait that is cancelled only stops waiting; a run that is cancelled leaves nothing', async () => {
  using checkout = tinyCheckout({ stages: [slow] });
  await using mcp = await connectMcp(checkout.path);
  const run = await mcp.verify();
  await asleep(mcp, run);
  await expect(mcp.call('wait', { run }, { signal: AbortSignal.timeout(200) })).rejects.toThrow();
  expect((await mcp.call('wait', { run, seconds: 0 })).state?.state).toBe('running');
  expect(containersOf(checkout.path)).toHaveLength(1);
  const cancelled = await mcp.call('cancel', { run: run.slice(-4) });
  expect(leftOf(checkout.path)).toEqual([]);
  expect(cancelled.state).toMatchObject({ run, state: 'unknown', text: expect.stringContaining('stopped') });
  expect(await mcp.call('cancel', { run })).toMatchObject({ isError: true });
  expect((await mcp.call('wait', { run })).text).toBe(cancelled.text);

  // A verify that is cancelled before it has begun begins nothing that stays.
  const early = mcp.call('verify', {}, { signal: AbortSignal.timeout(100) });
  await expect(early).rejects.toThrow();
  await expect.poll(() => leftOf(checkout.path), { timeout: 20_000 }).toEqual([]);
  await expect
    .poll(async () => (await mcp.call('wait', { seconds: 5 })).state?.state, { timeout: 20_000 })
    .toBe('unknown');
});

test.each(['its client goes', 'SIGTERM', 'SIGKILL'] as const)(
  'nothing is left of a server that ends by %s',
  async (how) => {
    using checkout = tinyCheckout({ stages: [slow] });
    await using mcp = await connectMcp(checkout.path);
    await asleep(mcp, await mcp.verify());
    expect(containersOf(checkout.path)).toHaveLength(1);
    if (how === 'its client goes') await mcp.client.close();
    else process.kill(mcp.pid, how);
    await expect.poll(() => leftOf(checkout.path), { timeout: 30_000, interval: 100 }).toEqual([]);
  },
);

test('what is no message is passed over, and standard output carries the protocol alone', async () => {
  using checkout = tinyCheckout();
  const child = spawn(process.execPath, [program, 'mcp'], { cwd: checkout.path, stdio: 'pipe' });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const clientInfo = { name: 'test', version: '1' };
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
  const say = (line: string): boolean => child.stdin.write(`${line}\n`);
  for (const garbage of ['', 'hello', '{"jsonrpc":', '[]', '{"jsonrpc":"2.0"}', '\u0000\u001b[31m']) say(garbage);
  say(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }));
  say(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }));
  say('{"jsonrpc":"2.0","id":2,"method":"no/such/thing"}');
  say('not json either');
  say(
    JSON.stringify({ jsonrpc: '2.0', id: 3, method: 'tools/call', params: { name: 'verify', arguments: { task: 5 } } }),
  );
  say(JSON.stringify({ jsonrpc: '2.0', id: 4, method: 'tools/list' }));
  while (!out.includes('"id":4')) await sleep(20);
  child.stdin.end();
  expect(await once(child, 'close')).toEqual([0, null]);
  const message = z.looseObject({ jsonrpc: z.literal('2.0'), id: z.number().nullable().optional() });
  const answers = out
    .trimEnd()
    .split('\n')
    .map((line) => message.parse(JSON.parse(line)));
  const answerTo = (id: number) => answers.find((each) => each.id === id);
  expect(answerTo(1)).toMatchObject({ result: { serverInfo: { name: 'gym' } } });
  expect(answerTo(2)).toMatchObject({ error: { code: -32601 } });
  expect(answerTo(3)).toMatchObject({ result: { isError: true } });
  expect(answerTo(4)).toMatchObject({
    result: { tools: [{ name: 'verify' }, { name: 'wait' }, ...Array(7).fill({})] },
  });
});
