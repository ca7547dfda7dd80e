import type { Command } from '../command.ts';
import { json, reader } from './options.ts';

/** Commands that look back at runs. */
export const lookBackCommands: readonly Command[] = [
  {
    name: 'runs',
    group: 'look back',
    usage: 'runs [-n COUNT] [--json]',
    summary: 'list the last verifications and loops',
    examples: [],
    options: {
      limit: { kind: 'count', short: 'n', value: 'COUNT', help: '20 by default' },
      json: { ...json, value: '', help: 'one JSON document' },
    },
    positionals: { least: 0, most: 0 },
    load: () => import('../commands/runs.ts'),
  },
  {
    name: 'show',
    group: 'look back',
    usage: 'show [RUN[:CHECK|:CASE]] [--for READER] [--json]',
    summary: 'show the verdict of a run, or all about one of its checks or failed cases',
    examples: [
      ['gym show', 'the newest run'],
      ['gym show 3fa9:bytes-by-channel', 'a check of the run whose name ends in 3fa9'],
      ["gym show '3fa9:adds tax'", 'the failed case that has this in its name, with what its stage printed of it'],
    ],
    options: { for: reader, json: { ...json, value: '', help: 'one JSON document' } },
    positionals: { least: 0, most: 1 },
    load: () => import('../commands/show.ts'),
  },
  {
    name: 'tasks',
    group: 'look back',
    usage: 'tasks [--json]',
    summary: 'list the tasks that can be named here',
    examples: [],
    options: { json: { ...json, value: '', help: 'one JSON document, with what each task checks' } },
    positionals: { least: 0, most: 0 },
    load: () => import('../commands/tasks.ts'),
  },
];
