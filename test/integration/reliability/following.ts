// Brings an environment up, waits until its service has ended, and prints how much its memory grew meanwhile, in bytes.
// Arguments: Compose file, project.
import { setTimeout as sleep } from 'node:timers/promises';
import { up } from '../../../gym/environment/up.ts';

const [composeFile = '', project = ''] = process.argv.slice(2);
let peak = 0;
let before = Number.POSITIVE_INFINITY;
const look = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 20);
const ended = Promise.withResolvers<void>();
const brought = await up({
  composeFiles: [composeFile],
  project,
  task: 'gymtest',
  run: project,
  lease: 'process',
  checkout: '/',
  variables: {},
  ambient: process.env,
  logDirectory: `${composeFile}.logs`,
  observed: [],
  emit: (event) => {
    if (event.type !== 'service.changed') return;
    if (event.state === 'started') before = Math.min(before, process.memoryUsage.rss());
    if (event.state === 'exited') ended.resolve();
  },
  signal: new AbortController().signal,
  deadlineMs: 60_000,
});
if (!brought.ok) throw new Error(JSON.stringify(brought.problems));
await ended.promise;
await brought.value.flushLogs();
await sleep(100);
clearInterval(look);
await brought.value.down();
console.log(peak - before);
