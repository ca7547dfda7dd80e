import { defineTask } from 'devgym';

export default defineTask({
  name: 'several-files',
  instruction: 'TASK.md',
  // As `docker compose -f compose.yaml -f compose.test.yaml`.
  compose: ['compose.yaml', 'compose.test.yaml'],
  stages: [
    {
      name: 'front',
      command: 'node --test --test-reporter=junit --test-reporter-destination=front.xml',
      results: { format: 'junit', path: 'front.xml' },
    },
  ],
  protected: ['task.ts', 'compose.test.yaml', 'test/**', 'TASK.md'],
});
