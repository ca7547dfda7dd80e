import type { Option } from '../command.ts';

/** `--json`, with the choice of a stream. */
export const json: Option = {
  kind: 'json',
  value: '=stream',
  help: 'one JSON document on stdout; =stream: every event as a line',
};
/** `--for`: who reads. */
export const reader: Option = {
  kind: 'text',
  value: 'READER',
  choices: ['agent', 'person'],
  help: 'agent: at most 2 KB, no progress; person: a page. By default what fits who runs it',
};
/** `--task`: whose environment is meant. */
export const task: Option = {
  kind: 'text',
  short: 't',
  value: 'TASK',
  help: 'the task whose environment is meant, where several are up',
};
