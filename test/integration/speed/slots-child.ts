// Makes slots, or brings an environment up and stays, until it is killed. Arguments: `warm` or `up`, the Compose file, the checkout.
import { keepSlots } from '../../../gym/environment/slots/keep.ts';
import { up } from '../../../gym/environment/up.ts';

const [what = '', composeFile = '', checkout = ''] = process.argv.slice(2);
const name = `gymtest-child-${process.pid}`;
const request = {
  composeFiles: [composeFile],
  project: name,
  task: 'slotstest',
  run: name,
  lease: 'process' as const,
  checkout,
  variables: {},
  ambient: process.env,
  logDirectory: `${composeFile}.logs`,
  observed: [],
  emit: () => undefined,
  signal: new AbortController().signal,
  deadlineMs: 60_000,
};
const done = what === 'warm' ? await keepSlots({ ...request, refill: false }) : await up(request);
if (!done.ok) throw new Error(done.problems[0].message);
console.log('done');
if (what === 'up') setInterval(() => undefined, 1000);
