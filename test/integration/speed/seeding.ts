// Brings a kept environment up as a reset does that has to seed it, keeps its state, and ends. Arguments: Compose file, project, task.
import { dirname } from 'node:path';
import { loadCompose } from '../../../gym/environment/compose/load.ts';
import { connectEngine } from '../../../gym/environment/engine.ts';
import { bringUpNext } from '../../../gym/environment/reset.ts';

const [composeFile = '', project = '', task = ''] = process.argv.slice(2);
const engine = await connectEngine(process.env);
const model = loadCompose(composeFile, {}, process.env);
if (!engine.ok || !model.ok) throw new Error('no engine, or no model');
const request = {
  composeFiles: [composeFile],
  project,
  task,
  run: project,
  lease: 'kept',
  checkout: dirname(composeFile),
  variables: {},
  ambient: process.env,
  logDirectory: `${composeFile}.logs`,
  observed: [],
  emit: () => undefined,
  signal: new AbortController().signal,
  deadlineMs: 60_000,
} as const;
const next = await bringUpNext({ engine: engine.value, request, model: model.value }, 'one', undefined);
process.exit(next.ok ? 0 : 1);
