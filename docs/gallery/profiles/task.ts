import { defineTask } from 'devgym';

export default defineTask({
  name: 'profiles',
  instruction: 'TASK.md',
  compose: 'compose.yaml',
  // Without it there would be no tester. `monitor` stays out.
  variables: { COMPOSE_PROFILES: 'test' },
  stages: [
    {
      name: 'count',
      service: 'tester',
      command: 'python -m pytest -q --junitxml=/tmp/count.xml test',
      results: { format: 'junit', path: '/tmp/count.xml' },
    },
  ],
  protected: ['task.ts', 'compose.yaml', 'test/**', 'TASK.md'],
});
