import { defineConfig } from 'vitest/config';

const needsDocker = [
  'test/integration/**/*.test.{ts,tsx}',
  'test/e2e/**/*.test.{ts,tsx}',
  'test/chaos/**/*.test.{ts,tsx}',
];

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
        // These share one Docker engine and two cores: one file after the other, and after all that is fast.
        extends: true,
        test: {
          name: 'system',
          include: needsDocker,
          globalSetup: ['test/support/clean-images.ts', 'test/support/clean-states.ts'],
          sequence: { groupOrder: 2 },
          maxWorkers: 1,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
