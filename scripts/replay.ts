// Plays recorded events in the terminal UI.
// Usage: node scripts/replay.ts EVENTS.ndjson... [--speed FACTOR]
import { parseArgs } from 'node:util';
import { loadTui, play, readRecording } from './recording.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { speed: { type: 'string', default: '1' } },
});
if (positionals.length === 0 || !process.stdout.isTTY) {
  console.error('usage, at a terminal: node scripts/replay.ts EVENTS.ndjson... [--speed FACTOR]');
  process.exit(2);
}
const { startTui } = await loadTui();
const { subscribe, finished, stop } = play(readRecording(positionals), Number(values.speed));
const leaving = await startTui({ subscribe, onStop: stop, finished }).closed;
console.log(leaving);
process.exit(leaving === 'forced' ? 130 : 0);
