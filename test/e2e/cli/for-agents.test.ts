import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runsOf, tapStage, tinyCheckout, writeTask } from '../../support/gym/checkout.ts';
import { gym } from '../../support/gym/program.ts';

const tap = (failed: readonly string[]): string => {
  const names = ['adds', 'subtracts', 'multiplies'];
  const lines = names.map((name, index) => `${failed.includes(name) ? 'not ok' : 'ok'} ${index + 1} - ${name}`);
  return ['1..3', ...lines, ''].join('\n');
};
/** A service that prints a line every 0.1 s, each with its number. */
const chatty = `services:
  box:
    image: debian:bookworm-slim
    command: [sh, -c, 'n=0; while :; do n=$$((n+1)); echo tick $$n; sleep 0.1; done']
    init: true
`;

describe('an agent that goes on', () => {
  test('reads few words and no progress, what changed since the run before, and asks for one case and for the logs of a moment', async () => {
    const stage = (failed: readonly string[], name = 'unit') => {
      const made = tapStage(tap(failed), { exitCode: 1 });
      return { ...made, name, command: `echo working on subtracts; sleep 1; ${made.command}` };
    };
    using checkout = tinyCheckout({ services: chatty, stages: [stage(['adds', 'subtracts'])] });
    const agent = { CLAUDECODE: '1', FORCE_COLOR: '1' };
    const first = await gym(checkout.path, ['verify'], agent);
    expect(first).toMatchObject({ exitCode: 1, stderr: '' });
    expect(first.stdout).not.toContain('\u001b');
    expect(first.stdout).not.toContain('since');

    writeTask(checkout, { services: chatty, stages: [stage(['subtracts', 'multiplies'])] });
    const second = await gym(checkout.path, ['verify', '--for', 'agent']);
    expect(second.stderr).toBe('');
    const lines = second.stdout.trimEnd().split('\n');
    expect(lines[1]).toMatch(
      /^since [\da-f]{4} \(same distance\): fixed 1: unit: adds; new 1: unit: multiplies; still 1$/,
    );
    const [, run = ''] = /more: gym show (\S+):unit/.exec(lines.at(-1) ?? '') ?? [];
    const [, logs = ''] = /logs: gym (logs \S+ --around unit)/.exec(lines.at(-1) ?? '') ?? [];

    const one = await gym(checkout.path, ['show', `${run}:subtracts`], agent);
    expect(one.stdout).toMatch(/^subtracts\n.*stages\/unit\.log:1\n {2}working on subtracts$/ms);
    const several = await gym(checkout.path, ['show', `${run}:t`]);
    expect(several).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('subtracts') });

    const page = await gym(checkout.path, ['show', run, '--for', 'person'], agent);
    expect(page.stdout).toMatch(/Stages\n.*unit/s);

    const around = await gym(checkout.path, logs.split(' '));
    const all = await gym(checkout.path, ['logs', run.slice(-4), 'box', '--timestamps']);
    const ticks = (text: string): number => text.match(/tick \d+/g)?.length ?? 0;
    // The stage takes a second; the service ran before and after it.
    expect(ticks(around.stdout)).toBeGreaterThan(5);
    expect(ticks(around.stdout)).toBeLessThan(ticks(all.stdout));
    expect(all.stdout).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z tick 1$/m);
    expect(await gym(checkout.path, ['logs', run, '-n', '1'])).toMatchObject({
      stdout: all.stdout.trimEnd().split('\n').at(-1)?.replace(/^\S+ /, '').concat('\n'),
    });
    expect((await gym(checkout.path, ['logs', run, 'unit'])).stdout).toBe('working on subtracts\n');
    expect(await gym(checkout.path, ['logs', run, '--around', 'noon'])).toMatchObject({ exitCode: 2 });
  });
});

test('what was printed while a stage ran that is cached is shown from its run, or said to be gone', async () => {
  const stage = { name: 'unit', service: 'box', command: 'echo it is me; sleep 0.3' };
  using checkout = tinyCheckout({ services: chatty, stages: [stage] });
  for (let run = 0; run < 2; run += 1) expect(await gym(checkout.path, ['verify'])).toMatchObject({ exitCode: 0 });
  const [first = '', second = ''] = runsOf(checkout.path).sort();
  const ran = await gym(checkout.path, ['logs', first, '--around', 'unit']);
  expect(ran).toMatchObject({ exitCode: 0, stderr: '', stdout: expect.stringContaining('tick') });
  const cached = await gym(checkout.path, ['logs', second, '--around', 'unit']);
  expect(cached).toEqual({ ...ran, stderr: `unit is cached from run ${first}: this was printed then\n` });
  expect(await gym(checkout.path, ['logs', 'box', '--around', 'unit'])).toEqual(cached);
  expect((await gym(checkout.path, ['logs', '0000', '--around', 'unit'])).stderr).toMatch(
    /^error: there is no run 0000/,
  );
  expect((await gym(checkout.path, ['logs', second, '--around', '900s'])).stderr).toBe(
    `nothing was printed then; stages are cached from run ${first}: name that, or give a stage\n`,
  );
  rmSync(join(checkout.path, '.gym/runs', first), { recursive: true });
  expect(await gym(checkout.path, ['logs', second, '--around', 'unit'])).toMatchObject({
    ...{ exitCode: 2, stdout: '' },
    stderr: expect.stringMatching(`unit is cached from run ${first}, and what was printed then is gone`),
  });
});

test('where no service said a word, gym logs names what there is to read', async () => {
  using checkout = tinyCheckout();
  expect((await gym(checkout.path, ['logs', '--around', 'unit'])).stderr).toMatch(/^error: nothing has been verified/);
  expect((await gym(checkout.path, ['verify'])).exitCode).toBe(0);
  const [run = ''] = runsOf(checkout.path);
  expect((await gym(checkout.path, ['logs', run, '--around', 'unit'])).stderr).toBe(
    `nothing was printed then; of the stage: gym logs ${run} unit\n`,
  );
});

test('--for takes a reader that there is', async () => {
  using checkout = tinyCheckout();
  expect(await gym(checkout.path, ['show', '--for', 'robots'])).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: 'error: --for takes agent or person, not robots\n  See gym show --help.\n',
  });
});
