import { defineConfig } from 'vitest/config';

const needsDocker = [
  'test/integration/**/*.test.{ts,tsx}',
  'test/e2e/**/*.test.{ts,tsx}',
  'test/chaos/**/*.test.{ts,tsx}',
];

/** These count on time, on the whole of the processor, or on nobody else removing what a dead gym left. */
const needsQuiet = [
  'test/chaos/**/*.test.ts',
  'test/integration/reliability/**/*.test.ts',
  'test/integration/speed/**/*.test.ts',
  'test/integration/environment/sweep.test.ts',
  'test/e2e/cli/targets.test.ts',
];

const cleanUps = ['test/support/clean-images.ts', 'test/support/clean-states.ts'];

export default defineConfig({
  resolve: { alias: { devgym: `${import.meta.dirname}/gym/index.ts` } },
  test: {
    pool: 'forks',
    // What gym keeps of a user is not this user's in tests.
    env: { XDG_STATE_HOME: `${import.meta.dirname}/node_modules/.cache/state-of-tests` },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: needsDocker,
          // From 1 on: in group 0 vitest moves projects of one worker behind all others.
          sequence: { groupOrder: 1 },
          maxWorkers: '100%',
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        // After all that is fast. More at a time would only wait for the one Docker engine.
        extends: true,
        test: {
          name: 'system',
          include: needsDocker,
          exclude: needsQuiet,
          globalSetup: cleanUps,
          sequence: { groupOrder: 2 },
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'quiet',
          include: needsQuiet,
          globalSetup: cleanUps,
          sequence: { groupOrder: 3 },
          maxWorkers: 1,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
