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
const { openTui } = await loadTui();
let end = 'left';
const screen = await openTui(() => {
  end = 'stopped';
  playing.stop();
  screen.close();
});
const playing = play(readRecording(positionals), Number(values.speed), screen.listener);
await screen.closed;
playing.stop();
console.log(end);
