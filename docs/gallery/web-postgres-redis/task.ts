import { defineTask } from 'devgym';

export default defineTask({
  name: 'web-postgres-redis',
  instruction: 'TASK.md',
  compose: 'compose.yaml',
  stages: [
    {
      name: 'e2e',
      service: 'web',
      command: 'node --test --test-reporter=junit --test-reporter-destination=/tmp/e2e.xml',
      results: { format: 'junit', path: '/tmp/e2e.xml' },
    },
  ],
  protected: ['task.ts', 'compose.yaml', 'db/**', 'test/**', 'TASK.md'],
});
