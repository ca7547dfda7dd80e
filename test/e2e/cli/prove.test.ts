import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { verdictSchema } from '../../../gym/judge/verdict.ts';
import { commit, runsOf, tinyCheckout } from '../../support/gym/checkout.ts';
import { leftOf } from '../../support/gym/engine.ts';
import { gym } from '../../support/gym/program.ts';

/** Counts to three, and says that it did; three is also what is known. The check `always` cannot fail on any of it. */
const task = `import { agree, bound, count, defineTask, json, sum, z } from 'devgym';
const report = (path: string) => json({
  stage: 'count',
  path,
  schema: z.object({ n: z.int() }),
  samples: ({ n }) => [{ metric: 'n', value: n, unit: 'count' }],
});
export default defineTask({
  name: 'tiny',
  instruction: 'TASK.md',
  compose: 'compose.yaml',
  stages: [{ name: 'count', command: 'sh count.sh' }],
  measurements: { counted: report('counted.json') },
  witnesses: { known: report('known.json') },
  invariants: [
    agree({ name: 'as-known', observed: sum('counted.n'), witnesses: { known: sum('known.n') } }),
    bound({ name: 'always', quantity: count('counted.n'), atLeast: 0 }),
  ],
  protected: ['task.ts', 'compose.yaml'],
  mutate: ['count.sh'],
});
`;
const checkout = tinyCheckout();
afterAll(() => checkout[Symbol.dispose]());
checkout.write('envs/tiny/task.ts', task);
checkout.write(
  'envs/tiny/count.sh',
  'set -e\n# 1 + 2\necho \'{"n": 3}\' > known.json\necho "{\\"n\\": $(( 2 + 1 ))}" > counted.json\necho done > note.txt\n',
);
const patch = (name: string, head: string, line: string, instead: string) =>
  checkout.write(
    `envs/tiny/faults/${name}.patch`,
    `${head}\n\n--- a/count.sh\n+++ b/count.sh\n@@ -1,5 +1,5 @@\n set -e\n # 1 + 2\n${[
      'echo \'{"n": 3}\' > known.json',
      'echo "{\\"n\\": $(( 2 + 1 ))}" > counted.json',
      'echo done > note.txt',
    ]
      .map((each) => (each === line ? `-${each}\n+${instead}` : ` ${each}`))
      .join('\n')}\n`,
  );
patch('stops', 'Ends with a failure.\nCaught-by: count', 'echo done > note.txt', 'exit 1');
patch('silent', 'Says nothing in its note.', 'echo done > note.txt', 'true');
commit(checkout);

const prove = (...args: string[]) => gym(checkout.path, ['prove', 'tiny', ...args]);

describe('a task with a check that cannot fail', () => {
  test('it is told by name, with what to do, and nothing that is proven is run for', async () => {
    const { stdout, stderr, exitCode } = await prove();
    expect(exitCode).toBe(1);
    expect(stdout).toContain('UNPROVEN  tiny: 2 of 3 gates can fail');
    expect(stdout).toMatch(/always: it held although .*: compare with a witness, tighten its tolerance/);
    expect(stdout).toMatch(/as-known +fails under \d+ tamperings; notices 1; believes counted and known together/);
    expect(stderr).toMatch(/stops noticed by count/);
    expect(leftOf(checkout.path)).toEqual([]);
  });

  test('the verdict says so, and is not green where every gate has to be proven', async () => {
    const plain = verdictSchema.parse(JSON.parse((await gym(checkout.path, ['verify', 'tiny', '--json'])).stdout));
    expect(plain).toMatchObject({ state: 'pass', headline: expect.stringMatching(/; UNPROVEN: always$/) });
    const strict = await gym(checkout.path, ['verify', 'tiny', '--strict', '--json']);
    expect(strict.exitCode).toBe(3);
    expect(verdictSchema.parse(JSON.parse(strict.stdout))).toMatchObject({
      state: 'unknown',
      headline: 'not proven to be able to fail: always (gym prove)',
    });
  });

  test('in full, what nothing notices survives, with the nearest check; what was tried is not run again', async () => {
    const page = join(checkout.path, 'proof.html');
    const runsBefore = runsOf(checkout.path).length;
    const { stdout, stderr, exitCode } = await prove('--full', '--html', page, '--json');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('stops noticed by count (as before)');
    expect(stderr).toContain('silent noticed by nothing (as before)');
    // The clean run, and the mutants: the sign and the numbers of the sum.
    expect(runsOf(checkout.path).length - runsBefore).toBeGreaterThanOrEqual(3);
    const schemaFile = createRequire(import.meta.url).resolve(
      'mutation-testing-report-schema/mutation-testing-report-schema.json',
    );
    const report: unknown = JSON.parse(stdout);
    z.fromJSONSchema(JSON.parse(readFileSync(schemaFile, 'utf8'))).parse(report);
    expect(report).toMatchObject({
      files: {
        patch: { mutants: expect.arrayContaining([expect.objectContaining({ id: 'silent', status: 'Survived' })]) },
      },
    });
    expect(stdout).toContain('"status": "Killed"');
    expect(readFileSync(page, 'utf8')).toMatch(/<mutation-test-report-app[\s\S]*customElements[\s\S]*"silent"/);
    const again = await prove('--fault', 'silent');
    expect(again.stdout).toMatch(/Survivors\n {2}silent: Says nothing in its note\.\n {6}no check saw any difference/);
  });
});

test('what is not there is named', async () => {
  const wrong = [
    [['--fault', 'silnet'], /tiny has no fault silnet.*silent/s],
    [['--check', 'alwas'], /tiny has no check alwas.*always/s],
    [['--check', 'always', '--full'], /exclude each other/],
    [['--parallel', '0'], /--parallel takes a whole number above 0/],
  ] as const;
  for (const [args, said] of wrong) {
    const { stderr, exitCode } = await prove(...args);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(said);
  }
});

test('where the clean run does not pass, nothing can be proven', async () => {
  checkout.write('envs/tiny/count.sh', 'exit 1\n');
  const { stderr, exitCode } = await prove();
  expect(exitCode).toBe(3);
  expect(stderr).toMatch(/nothing can be proven: without a fault the run \S+ comes to fail: count/);
});

test('where no engine answers, the exit code is that of an environment that did not come up', async () => {
  using bare = tinyCheckout();
  const nowhere = { DOCKER_HOST: `unix://${bare.path}/none.sock` };
  const { stderr, exitCode } = await gym(bare.path, ['prove'], nowhere);
  expect(stderr).toMatch(/nothing can be proven: [\s\S]*no Docker engine answers/);
  expect(exitCode).toBe(4);
});

describe('failures of the running environment', () => {
  const web = `services:
  web:
    image: node:24-bookworm-slim
    command: [node, -e, "require('node:http').createServer((_, r) => r.end('ok')).listen(80)"]
    init: true
    healthcheck: { test: [CMD, node, -e, "fetch('http://localhost').then(() => process.exit(0), () => process.exit(1))"], interval: 1s }
  client:
    image: node:24-bookworm-slim
    command: [sleep, infinity]
    init: true
    depends_on: { web: { condition: service_healthy } }
`;
  const asking = `let lost = 0;
for (let n = 0; n < 15; n += 1) {
  await fetch('http://web', { signal: AbortSignal.timeout(500) }).then((r) => r.text(), () => { lost += 1; });
  await new Promise((resolve) => setTimeout(resolve, 100));
}
require('node:fs').writeFileSync('/tmp/asked.json', JSON.stringify({ lost }));`;
  const disturbed = tinyCheckout({ services: web });
  afterAll(() => disturbed[Symbol.dispose]());
  disturbed.write(
    'envs/tiny/task.ts',
    `import { bound, defineTask, json, sum, z } from 'devgym';
export default defineTask({
  name: 'tiny',
  instruction: 'TASK.md',
  compose: 'compose.yaml',
  stages: [{ name: 'ask', service: 'client', command: ['node', '-e', ${JSON.stringify(`(async () => {${asking}})()`)}] }],
  measurements: {
    asked: json({
      stage: 'ask',
      path: '/tmp/asked.json',
      schema: z.object({ lost: z.int() }),
      samples: ({ lost }) => [{ metric: 'lost', value: lost, unit: 'count' }],
    }),
  },
  invariants: [bound({ name: 'answers', quantity: sum('asked.lost'), atMost: 0 })],
  disturbances: {
    'web-dies': { fault: { kind: 'kill', service: 'web' }, stage: 'ask', afterSeconds: 0.3, caughtBy: ['answers'] },
    'too-late': { fault: { kind: 'pause', service: 'web' }, stage: 'ask', afterSeconds: 600 },
  },
});
`,
  );
  commit(disturbed);

  test('are done while the stage runs, and noticed; one that did not take effect says nothing', async () => {
    const { stdout, stderr } = await gym(disturbed.path, ['prove', 'tiny', '--full']);
    expect(stderr).toContain('web-dies noticed by answers');
    expect(stdout).toMatch(/web-dies +noticed by answers/);
    expect(stdout).toMatch(/too-late +not-activated/);
    expect(leftOf(disturbed.path)).toEqual([]);
  });

  test('one by its name, in a verification', async () => {
    const { stdout, exitCode } = await gym(disturbed.path, ['verify', 'tiny', '--fault', 'web-dies', '--json']);
    expect(exitCode).toBe(1);
    const verdict = verdictSchema.parse(JSON.parse(stdout));
    expect(verdict).toMatchObject({ state: 'fail', fault: 'web-dies', problems: [] });
    expect(verdict.checks.find(({ name }) => name === 'answers')).toMatchObject({
      state: 'fail',
      again: 'gym verify tiny --fault web-dies',
    });
  });
});
