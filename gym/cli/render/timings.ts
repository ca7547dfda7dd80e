import type { Listener } from '../../events/log.ts';
import type { Output } from '../context.ts';
import { durationText, tableText } from './style.ts';

/** Prints what the time of an environment's coming up went to, once it is known. */
export function timingLines(output: Output): Listener {
  return (event) => {
    if (event.type !== 'up.timed') return;
    const rows = [
      ...Object.entries(event.phasesMs).flatMap(([phase, ms]) => (ms === undefined ? [] : [[phase, durationText(ms)]])),
      ...Object.entries(event.readyMs).map(([service, ms]) => [`${service} ready`, `after ${durationText(ms)}`]),
      ['total', durationText(event.totalMs)],
    ];
    output.write(`${tableText(rows)}\n`);
  };
}
