import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commit, runsOf, tinyCheckout } from '../../support/gym/checkout.ts';
import { gym } from '../../support/gym/program.ts';
import { attemptsOf, type Cheat, exercise, play } from './support.ts';

/** What must be told to nobody, in names, in files and in what the checks print. */
const secret = 'zucchini';

const host = { private: true, scripts: { test: 'sh check.sh' } };

function withHeldOut(tells: 'nothing' | 'names') {
  return exercise({
    services: `services:
  box:
    image: debian:bookworm-slim
    command: [sleep, infinity]
    volumes: ['./held-out:/held-out:ro', '.:/ws:ro']
    init: true
`,
    stages: [
      { name: 'unit', command: 'sh check.sh' },
      { name: `${secret}-in-box`, service: 'box', command: 'sh /held-out/box.sh' },
      {
        ...{ name: `${secret}-on-host`, command: 'sh held-out/host.sh' },
        results: { format: 'tap', path: 'held-out/result.tap' },
      },
    ],
    heldOut: { checks: [`${secret}-in-box`, `${secret}-on-host`], files: ['held-out/**'], tells },
    protected: ['task.ts', 'compose.yaml', 'check.sh'],
    files: {
      'package.json': JSON.stringify(host),
      'check.sh': 'ls held-out; cat held-out/*; grep -q done note.txt\n',
      'held-out/box.sh': `echo ${secret} is asked for; grep -q ${secret} /ws/note.txt\n`,
      'held-out/host.sh': `echo ${secret}; printf '1..1\\nok 1 - ${secret}\\n' >held-out/result.tap\n`,
    },
  });
}

const agents: Cheat[] = [
  {
    name: 'sees no file',
    act: `ls held-out || :; git log -p --all | grep -c 'is asked for' >found.txt || :`,
    why: /unit: exit code 1/,
  },
  { name: 'holds what is in sight', act: 'echo done >note.txt', why: /held-out: not all that is held out holds/ },
  { name: 'does all', act: `echo done ${secret} >note.txt`, why: /^/ },
];

test('what is held out decides at the end, and no word of it is in the checkout nor comes to the agent', async () => {
  using checkout = withHeldOut('nothing');
  const { exitCode, stdout, stderr } = await play(checkout, agents);
  const [first, second] = attemptsOf(checkout, stdout, agents);
  expect([first, second]).toEqual(
    agents.slice(0, 2).map(({ name, why }) => ({ name, state: 'FAIL', said: expect.stringMatching(why) })),
  );
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringMatching(/^DONE/m) });
  const branch = /^branch\s+(\S+)$/m.exec(stdout)?.[1] ?? '';
  expect(checkout.git('show', `${branch}~2:envs/tiny/found.txt`)).toBe('0\n');
  expect(stdout + stderr).not.toContain(secret);
  // Prompts, verdicts, events, logs of stages and services, the history: all but what the last agent itself has written.
  const told = execFileSync('sh', ['-c', `grep -rlE '${secret}|host\\.sh' .gym/runs .gym/history* || :`], {
    cwd: checkout.path,
    encoding: 'utf8',
  });
  expect(told).toBe('');
  expect(execFileSync('find', ['.gym', '-name', 'box.sh'], { cwd: checkout.path, encoding: 'utf8' })).toBe('');
  for (const run of runsOf(checkout.path))
    expect((await gym(checkout.path, ['show', run])).stdout).not.toContain(secret);
});

test('neither a part of the task nor the trial of a proposal shows what is held out', async () => {
  using checkout = withHeldOut('nothing');
  checkout.write('envs/tiny/note.txt', 'done\n');
  checkout.write('envs/tiny/check.sh', 'ls held-out; cat held-out/*; true\n');
  await gym(checkout.path, ['propose', 'envs/tiny/check.sh', '--reason', 'shorter']);
  const part = await gym(checkout.path, ['verify', '--stage', 'unit']);
  expect(part).toMatchObject({ exitCode: 0, stdout: expect.not.stringContaining('all stages pass') });
  const tried = await gym(checkout.path, ['verify', 'tiny']);
  expect(tried.stdout).toContain('with it: pass, all stages pass');
  const told = execFileSync('sh', ['-c', `grep -rlE '${secret}|host\\.sh' .gym/runs || :`], {
    cwd: checkout.path,
    encoding: 'utf8',
  });
  expect(told).toBe('');
  expect(execFileSync('find', ['.gym', '-name', 'box.sh'], { cwd: checkout.path, encoding: 'utf8' })).toBe('');
});

test('a person proves what is held out, and no word of it comes into the checkout; an agent is refused', async () => {
  using checkout = tinyCheckout({
    stages: [
      { name: 'unit', command: 'grep -q done note.txt' },
      { name: `${secret}-on-host`, command: 'sh held-out/host.sh' },
    ],
    heldOut: { checks: [`${secret}-on-host`], files: ['held-out/**'] },
    protected: ['task.ts', 'compose.yaml'],
  });
  checkout.write('envs/tiny/note.txt', 'done\n');
  checkout.write('envs/tiny/held-out/host.sh', `echo ${secret} | tee held-out/result.txt; ! grep -q wrong note.txt\n`);
  for (const [name, instead, caughtBy] of [
    ['undone', 'to do', 'unit'],
    ['astray', 'done wrong', `${secret}-on-host`],
  ])
    checkout.write(
      `envs/tiny/faults/${name}.patch`,
      `Says else.\nCaught-by: ${caughtBy}\n\n--- a/note.txt\n+++ b/note.txt\n@@ -1 +1 @@\n-done\n+${instead}\n`,
    );
  commit(checkout);
  const ofAgent = await gym(checkout.path, ['prove', 'tiny'], { AI_AGENT: '1' });
  expect(ofAgent).toMatchObject({
    exitCode: 2,
    stdout: '',
    stderr: expect.stringContaining("tiny holds checks out of an agent's sight: a person proves it, not an agent"),
  });
  expect(existsSync(join(checkout.path, '.gym'))).toBe(false);
  const ofPerson = await gym(checkout.path, ['prove', 'tiny']);
  expect(ofPerson).toMatchObject({
    exitCode: 0,
    stderr: expect.stringContaining(`astray noticed by ${secret}-on-host`),
  });
  expect((await gym(checkout.path, ['verify', '--strict'])).stdout).toMatch(/^PASS tiny: 2 of 2 checks hold/);
  expect(runsOf(checkout.path)).toHaveLength(1);
  // All but the task itself, in snapshots.
  const told = execFileSync(
    'sh',
    ['-c', `grep -rl ${secret} .gym --exclude=task.ts --exclude=astray.patch; find .gym -name host.sh`],
    { cwd: checkout.path, encoding: 'utf8' },
  );
  expect(told).toBe('');
});

test('names are told where the task says so; all that came of them is kept outside the checkout', async () => {
  using checkout = withHeldOut('names');
  checkout.write('envs/tiny/note.txt', 'done\n');
  const end = await gym(checkout.path, ['verify', '--json']);
  expect(end.exitCode).toBe(1);
  const { run, checks, stages } = JSON.parse(end.stdout);
  expect(stages.map(({ stage }: { stage: string }) => stage)).toEqual(['unit']);
  expect(checks.at(-1)).toMatchObject({
    name: 'held-out',
    because: `2 of 2 checks held out do not hold: ${secret}-in-box, ${secret}-on-host`,
  });
  const kept = join(process.env['XDG_STATE_HOME'] ?? '', 'gym/held-out', run);
  expect(readFileSync(join(kept, `stages/${secret}-in-box.log`), 'utf8')).toBe(`${secret} is asked for\n`);
  execFileSync('rm', ['-r', kept]);
  // Where their files are not, they are not judged.
  execFileSync('git', ['rm', '-rq', 'envs/tiny/held-out/box.sh', 'envs/tiny/held-out/host.sh'], { cwd: checkout.path });
  checkout.git('commit', '-qm', 'none');
  checkout.write('envs/tiny/held-out/.keep', '');
  execFileSync('rm', ['-r', join(checkout.path, 'envs/tiny/held-out')]);
  execFileSync('mkdir', [join(checkout.path, 'envs/tiny/held-out')]);
  const elsewhere = await gym(checkout.path, ['verify']);
  expect(elsewhere).toMatchObject({ exitCode: 3, stdout: expect.stringContaining('held-out: its files are not here') });
});
