// Brings an environment up and stays, until it is killed. Arguments: Compose file, project, lease.
import { up } from '../../../gym/environment/up.ts';

const [composeFile = '', project = '', lease = 'process'] = process.argv.slice(2);
const brought = await up({
  composeFiles: [composeFile],
  project,
  task: 'gymtest',
  run: project,
  lease: lease === 'kept' ? 'kept' : 'process',
  checkout: '/',
  variables: {},
  ambient: process.env,
  logDirectory: `${composeFile}.logs`,
  observed: [],
  emit: (event) => {
    if (event.type === 'service.changed') console.log(`${event.service} ${event.state}`);
  },
  signal: new AbortController().signal,
  deadlineMs: 60_000,
});
console.log(brought.ok ? 'up' : JSON.stringify(brought.problems));
setInterval(() => undefined, 1000);
