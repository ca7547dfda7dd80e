// Brings an environment up whose service `a` prints, waits until it has ended, and prints what its memory came to meanwhile, as JSON: how much
// that of the process grew, and the most that was held by objects and buffers in each half of the log, beyond what was held at the start.
// Arguments: Compose file, project, bytes of the log.
import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { up } from '../../../gym/environment/up.ts';

const [composeFile = '', project = '', logBytes = ''] = process.argv.slice(2);
const logFile = `${composeFile}.logs/a.log`;
let [peak, firstHalf, secondHalf] = [0, 0, 0];
let [before, heldBefore] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
const held = (): number => {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};
const look = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
  const isFirst = (statSync(logFile, { throwIfNoEntry: false })?.size ?? 0) < Number(logBytes) / 2;
  if (isFirst) firstHalf = Math.max(firstHalf, held());
  else secondHalf = Math.max(secondHalf, held());
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
    if (event.state === 'started') {
      before = process.memoryUsage.rss();
      heldBefore = held();
    }
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
const [firstHalfBytes, secondHalfBytes] = [firstHalf - heldBefore, secondHalf - heldBefore];
console.log(JSON.stringify({ rssBytes: peak - before, firstHalfBytes, secondHalfBytes }));
