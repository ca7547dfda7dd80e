import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tinyCheckout } from '../../support/gym/checkout.ts';
import { gym } from '../../support/gym/program.ts';
import type { TemporaryFolder } from '../../support/repository.ts';

const tests = `import { strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { sum } from '../sum.mjs';

test('adds', () => {
  strictEqual(sum(1, 2), 3);
  strictEqual(sum(2, 2), 4);
});
test('adds nothing', () => strictEqual(sum(0, 0), 0));
`;
const sum = 'export const sum = (one, other) => one + other;\n';

/** A checkout whose task runs node's own tests on this machine. */
function sumCheckout(code: string): TemporaryFolder {
  const node = `'${process.execPath}'`;
  const command = `${node} --test --test-reporter=tap --test-reporter-destination=unit.tap test/sum.test.mjs`;
  const checkout = tinyCheckout({
    // The tests are the agent's to change.
    protected: ['TASK.md'],
    stages: [{ name: 'unit', command, results: { format: 'tap', path: 'unit.tap' } }],
  });
  checkout.write('envs/tiny/sum.mjs', code);
  checkout.write('envs/tiny/test/sum.test.mjs', tests);
  checkout.git('add', '-A');
  checkout.git('commit', '-qm', 'second');
  return checkout;
}

test('what an agent takes from the tests, or adds that it should not, fails with its place', async () => {
  using checkout = sumCheckout(sum);
  const verify = async (changed: string, code = sum) => {
    checkout.write('envs/tiny/test/sum.test.mjs', changed);
    checkout.write('envs/tiny/sum.mjs', code);
    const { exitCode, stdout } = await gym(checkout.path, ['verify', 'tiny']);
    return { exitCode, stdout };
  };
  // Nothing differs from the baseline: guards have nothing to say.
  expect(await verify(tests)).toEqual({
    exitCode: 0,
    stdout: expect.stringMatching(
      /^PASS tiny: 1 of 1 check holds: 2 cases in 1 stage, 0 invariants; UNPROVEN: every gate\n$/,
    ),
  });

  const emptied = await verify(tests.replace('  strictEqual(sum(2, 2), 4);\n', ''));
  expect(emptied).toEqual({ exitCode: 1, stdout: expect.stringMatching(/^FAIL tiny/) });
  expect(emptied.stdout).toMatch(
    /^fail guard-assertions: .*test\/sum\.test\.mjs:5 adds: 1 assertion, 2 before; .*a person waives guard-assertions$/m,
  );
  expect(emptied.stdout).toMatch(/more: gym show \S+:guard-assertions {3}again: gym verify tiny\n$/);

  const token = ['gh', 'p_', 'wJ8rT2mKq9XzVb4nLc7YdF1sGh5PaE3uRo6i'].join('');
  const skipped = await verify(tests.replace("test('adds nothing'", "test.skip('adds nothing'"), `${sum}// ${token}\n`);
  expect(skipped.exitCode).toBe(1);
  expect(skipped.stdout).toContain('fail guard-cases: 1 case gone: adds nothing (unit); ');
  expect(skipped.stdout).toContain("fail guard-skips: 1 new skip: test/sum.test.mjs:9 test.skip('adds nothing')");
  expect(skipped.stdout).toContain('fail guard-secrets: 1 secret: sum.mjs:2 a GitHub token: ghp_… (40 characters)');
  expect(skipped.stdout).not.toContain(token);

  const honest = await verify(
    tests.replace("'adds nothing'", "'has a neutral element'"),
    `${sum}export const zero = 0;\n`,
  );
  // What is proven is what the task itself brings.
  const proven = await gym(checkout.path, ['prove', 'tiny', '--json']);
  expect({ ...proven, names: proven.stdout.match(/guard-[\w-]+/g) }).toMatchObject({ exitCode: 1, names: null });
  expect(proven.stdout).toContain('unit');

  expect(honest).toEqual({
    exitCode: 0,
    stdout: expect.stringMatching(/^PASS tiny: 6 of 6 checks hold: .*, 5 guards; UNPROVEN: every gate\n$/),
  });
});

test('a loop is not done by a test that an agent emptied', async () => {
  using checkout = sumCheckout('export const sum = (one, other) => one - other;\n');
  const agent = 'sed -i -e "/sum(1, 2)/d" -e "/sum(2, 2)/d" test/sum.test.mjs';
  const { exitCode, stdout } = await gym(checkout.path, [
    'loop',
    '--agent',
    `command:${agent}`,
    '--max-attempts',
    '1',
    '--json',
  ]);
  expect(exitCode).toBe(5);
  expect(stdout).toContain('guard-assertions: ');
  // The start state's own cases were kept, and the attempt was held against them.
  expect(stdout).not.toContain('unguarded');
});

test('without git the guards say that they judged nothing, and the run counts all the same', async () => {
  using checkout = sumCheckout(sum);
  checkout.git('config', 'core.bare', 'true');
  const { exitCode, stdout } = await gym(join(checkout.path, 'envs/tiny'), ['verify', '--json']);
  expect(exitCode).toBe(0);
  const { headline, workspace } = JSON.parse(stdout);
  expect(workspace.unguarded).toBe('the folder is in no git repository');
  expect(headline).toMatch(/; unguarded: the folder is in no git repository$/);
  expect(readFileSync(join(checkout.path, 'envs/tiny/sum.mjs'), 'utf8')).toBe(sum);
});
