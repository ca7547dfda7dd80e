// Holds an environment for some seconds and prints how much of a core this process used meanwhile.
import { setTimeout as sleep } from 'node:timers/promises';
import { up } from '../../gym/environment/up.ts';

const [composeFile = '', logDirectory = ''] = process.argv.slice(2);
const seconds = 5;
const project = `gymbench-idle-${process.pid}`;
const brought = await up({
  composeFiles: [composeFile],
  project,
  task: 'bench',
  run: project,
  lease: 'process',
  checkout: '/',
  variables: {},
  ambient: process.env,
  logDirectory,
  observed: [],
  emit: () => undefined,
  signal: new AbortController().signal,
  deadlineMs: 60_000,
});
if (!brought.ok) throw new Error(brought.problems[0].message);
await sleep(1000);
const before = process.cpuUsage();
await sleep(seconds * 1000);
const { user, system } = process.cpuUsage(before);
await brought.value.down();
console.log(`${((user + system) / (seconds * 10_000)).toFixed(2)}`);
