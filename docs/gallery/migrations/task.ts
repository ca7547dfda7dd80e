import { defineTask } from 'devgym';

export default defineTask({
  name: 'migrations',
  instruction: 'TASK.md',
  compose: 'compose.yaml',
  stages: [
    {
      name: 'bank',
      service: 'app',
      command: 'python -m pytest -q --junitxml=/tmp/bank.xml test',
      results: { format: 'junit', path: '/tmp/bank.xml' },
    },
  ],
  protected: ['task.ts', 'compose.yaml', 'test/**', 'TASK.md'],
});
