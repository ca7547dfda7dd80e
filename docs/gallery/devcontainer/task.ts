import { defineTask } from 'devgym';

export default defineTask({
  name: 'devcontainer',
  instruction: 'TASK.md',
  compose: '.devcontainer/devcontainer.json',
  stages: [
    {
      name: 'guestbook',
      service: 'app',
      command: 'node --test --test-reporter=junit --test-reporter-destination=/tmp/guestbook.xml',
      results: { format: 'junit', path: '/tmp/guestbook.xml' },
    },
  ],
  protected: ['task.ts', '.devcontainer/**', 'db/**', 'test/**', 'TASK.md'],
});
