import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const needsDocker = [
  'test/integration/**/*.test.{ts,tsx}',
  'test/e2e/**/*.test.{ts,tsx}',
  'test/chaos/**/*.test.{ts,tsx}',
];

/** These count on time, on the whole of the processor, or on nobody else removing what a dead gym left. */
const needsQuiet = [
  'test/chaos/**/*.test.ts',
  'test/integration/reliability/{gc,restarts,watchdog}.test.ts',
  'test/integration/speed/{golden,slots}.test.ts',
  'test/integration/environment/sweep.test.ts',
  'test/e2e/cli/targets.test.ts',
  'test/e2e/cli/watch.test.ts',
];

/** They take minutes, which their size does not tell: vitest goes by that where it knows no times of an earlier run. */
const longest = /\/e2e\/cli\/(?:shuffle|recommender)\.test\.ts$/;

/** Begins with the longest files, so that no worker is left alone with one of them at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean => longest.test(moduleId);
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

const cleanUps = ['test/support/clean-images.ts', 'test/support/clean-states.ts'];

export default defineConfig({
  resolve: { alias: { devgym: `${import.meta.dirname}/gym/index.ts` } },
  test: {
    pool: 'forks',
    sequence: { sequencer: LongestFirst },
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
          // To load what they share anew for each file would take as long as the tests. They put back what they change of the process.
          isolate: false,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        // After all that is fast. Three keep two processors busy, for each waits a good part of its time; more would wait for the one engine.
        extends: true,
        test: {
          name: 'system',
          include: needsDocker,
          exclude: needsQuiet,
          globalSetup: cleanUps,
          sequence: { groupOrder: 2 },
          maxWorkers: 3,
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
