import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commit, processesOf, shuffleCheckout, tinyCheckout } from '../../support/gym/checkout.ts';
import { leftOf } from '../../support/gym/engine.ts';
import { gym, startGym } from '../../support/gym/program.ts';

/** The table of attempts as it is printed: name, state and distance of each. */
function table(stdout: string): { attempt: string; state: string; distance: number }[] {
  return [...stdout.matchAll(/^(start|\d+)\s+([A-Z]+)\s+([\d.]+)\s/gm)].map(
    ([, attempt = '', state = '', distance]) => ({ attempt, state, distance: Number(distance) }),
  );
}

test('the oracle repairs the shuffle step by step, and the distance converges to done', async () => {
  using checkout = shuffleCheckout();
  const before = checkout.git('status', '--porcelain', '--branch');
  const notify = 'echo "$GYM_END $GYM_TASK $GYM_BRANCH" > .gym/notified';
  const end = await gym(checkout.path, ['loop', 'shuffle', '--agent', 'oracle', '--notify', notify], {
    SHUFFLE_BYTES: String(16 * 1024 * 1024),
  });
  expect({ exitCode: end.exitCode, stdout: end.stdout }).toEqual({
    exitCode: 0,
    stdout: expect.stringMatching(/^DONE {2}shuffle by oracle/m),
  });
  const rows = table(end.stdout);
  expect(rows.map(({ attempt, state }) => `${attempt} ${state}`)).toEqual(['start FAIL', '1 FAIL', '2 PASS']);
  const [start = 0, first = 0, second = 0] = rows.map(({ distance }) => distance);
  expect(start).toBeGreaterThan(first);
  expect(first).toBeGreaterThan(second);
  expect(second).toBe(0);

  const branch = /^branch\s+(\S+)$/m.exec(end.stdout)?.[1] ?? '';
  expect(checkout.git('log', '--format=%s', branch).trim().split('\n')).toEqual([
    'attempt 2',
    'attempt 1',
    'start state',
  ]);
  const review = /^review\s+git (.+)$/m.exec(end.stdout)?.[1] ?? '';
  expect(checkout.git(...review.split(' '))).toContain('diff --git a/envs/shuffle/src/attribution.ts');
  expect(readFileSync(join(checkout.path, '.gym/notified'), 'utf8')).toBe(`done shuffle ${branch}\n`);
  expect(checkout.git('status', '--porcelain', '--branch')).toBe(before);
  expect(leftOf(checkout.path)).toEqual([]);
});

const needsAnswer = { stages: [{ name: 'unit', command: 'test -f answer.txt' }] };

test('a loop whose agent does nothing ends at its budget with exit code 5', async () => {
  using checkout = tinyCheckout(needsAnswer);
  const end = await gym(checkout.path, ['loop', '--agent', 'command:true', '--max-attempts', '2']);
  expect({ exitCode: end.exitCode, stdout: end.stdout }).toEqual({
    exitCode: 5,
    stdout: expect.stringMatching(/^ENDED \(attempts\) {2}tiny by command:true/m),
  });
  expect(table(end.stdout).map(({ attempt, state }) => `${attempt} ${state}`)).toEqual([
    'start FAIL',
    '1 FAIL',
    '2 FAIL',
  ]);
  expect(leftOf(checkout.path)).toEqual([]);
});

test('an attempt after which a service ends before it is healthy is told to the agent as a failure, and the loop goes on', async () => {
  const services = `services:
  box:
    image: debian:bookworm-slim
    command: [sh, /app/run.sh]
    init: true
    volumes: ["./app:/app:ro"]
    healthcheck: { test: [CMD, test, -f, /tmp/ready], interval: 1s, retries: 60 }
`;
  using checkout = tinyCheckout({
    services,
    stages: [{ name: 'unit', service: 'box', command: 'test -f /app/answer' }],
  });
  const runs = 'touch /tmp/ready; exec sleep infinity';
  checkout.write('envs/tiny/app/run.sh', `${runs}\n`);
  commit(checkout);
  // The first attempt brings the answer and a typing error, the second mends that.
  const agent = `if test -f app/answer; then echo '${runs}' > app/run.sh; else touch app/answer; echo 'no-such-program; exit 3' > app/run.sh; fi`;
  const end = await gym(checkout.path, ['loop', '--agent', `command:${agent}`]);
  expect({ exitCode: end.exitCode, stdout: end.stdout }).toEqual({ exitCode: 0, stdout: expect.any(String) });
  expect(table(end.stdout).map(({ attempt, state }) => `${attempt} ${state}`)).toEqual([
    'start FAIL',
    '1 FAIL',
    '2 PASS',
  ]);
  expect(leftOf(checkout.path)).toEqual([]);
});

test('a loop that was killed in the middle of an attempt goes on and ends done', async () => {
  using checkout = tinyCheckout(needsAnswer);
  // The first time it takes for ever; what it left half done must not count.
  const flag = join(checkout.path, '.gym/second-time');
  const agent = `if [ -e ${flag} ]; then echo 42 > answer.txt; else touch ${flag} half-done; sleep 300; fi`;
  const running = startGym(checkout.path, ['loop', '--agent', `command:${agent}`, '--json=stream']);
  await running.saw(() => existsSync(flag));
  running.child.kill('SIGKILL');
  await running.end;

  const end = await gym(checkout.path, ['loop', '--resume']);
  expect({ exitCode: end.exitCode, stdout: end.stdout }).toEqual({
    exitCode: 0,
    stdout: expect.stringMatching(/^DONE {2}tiny by command:/m),
  });
  expect(table(end.stdout).map(({ attempt, state }) => `${attempt} ${state}`)).toEqual(['start FAIL', '1 PASS']);
  const branch = /^branch\s+(\S+)$/m.exec(end.stdout)?.[1] ?? '';
  expect(checkout.git('diff', '--name-only', `${branch}~1`, branch).trim()).toBe('envs/tiny/answer.txt');
  expect({ engine: leftOf(checkout.path), processes: processesOf(checkout.path) }).toEqual({
    engine: [],
    processes: [],
  });
  const again = await gym(checkout.path, ['loop', '--resume']);
  expect({ exitCode: again.exitCode, stderr: again.stderr }).toEqual({
    exitCode: 2,
    stderr: expect.stringContaining('there is no loop to resume'),
  });
});

test('--resume takes a task or a loop, and no other agent', async () => {
  using checkout = tinyCheckout(needsAnswer);
  const stopped = await gym(checkout.path, ['loop', '--agent', 'command:exit 127']);
  expect(stopped.exitCode).toBe(4);
  const loop = /^resume\s+gym loop --resume \S+-(\w+)$/m.exec(stopped.stdout)?.[1] ?? '';
  const refused = await gym(checkout.path, ['loop', 'tiny', '--resume', '--agent', 'oracle']);
  expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--resume takes no --agent') });
  for (const named of ['tiny', 'envs/tiny', loop]) {
    const end = await gym(checkout.path, ['loop', named, '--resume']);
    expect({ named, ...end }).toMatchObject({ named, exitCode: 4, stdout: expect.stringContaining(`-${loop}`) });
  }
  const unknown = await gym(checkout.path, ['loop', 'tinny', '--resume']);
  expect(unknown).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('there is no loop or task tinny') });
});

test('a loop that a problem ends calls its person too', async () => {
  using checkout = tinyCheckout(needsAnswer);
  checkout.write('envs/tiny/start/1.patch', 'no patch\n');
  const notify = 'echo "$GYM_END $GYM_TASK" > .gym/notified';
  const end = await gym(checkout.path, ['loop', '--agent', 'command:true', '--notify', notify]);
  expect(end.exitCode).toBe(2);
  expect(readFileSync(join(checkout.path, '.gym/notified'), 'utf8')).toBe('failed tiny\n');
  expect(end.stderr.match(/^error /gm)).toHaveLength(1);
});

test('a loop that a problem ends shows its attempts, and the problem once', async () => {
  using checkout = tinyCheckout(needsAnswer);
  const agent = 'if [ -e tried ]; then rm -r "$(git rev-parse --git-common-dir)/objects"; fi; echo >tried';
  const end = await gym(checkout.path, ['loop', '--agent', `command:${agent}`]);
  expect(end.stdout).toMatch(
    /^ATTEMPT .*\nstart +FAIL .*\n1 +FAIL .*\n2 +- .*\n\nENDED \(environment\) {2}tiny by .*: git .*\n/ms,
  );
  expect(end.stderr.match(/^error: git /gm)).toHaveLength(1);
  expect(end.exitCode).toBe(4);
});
