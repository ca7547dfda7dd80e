import type { Listener } from '../../events/log.ts';
import type { Arguments } from '../command.ts';
import type { Output } from '../context.ts';

/** What goes to stdout: text, one document at the end, or every event as it happens. */
export type JsonMode = 'text' | 'final' | 'stream';

/** The mode that `--json` asks for. */
export function jsonMode(args: Arguments): JsonMode {
  const asked = args.text('json');
  return asked === 'final' || asked === 'stream' ? asked : 'text';
}

/** Writes every event as a line of JSON. */
export function eventLines(output: Output): Listener {
  return (event) => output.write(`${JSON.stringify(event)}\n`);
}
