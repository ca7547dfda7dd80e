// Runs one shuffle and prints how its bytes are attributed: `node harness/shuffle.ts`, for people and agents.
import { messageOf } from '../src/errors.ts';
import { CHANNELS } from '../src/topology.ts';
import type { Report } from './report.ts';
import { REPORT_FILE, runAndReport } from './run.ts';

/** The breakdown as a table: payload per channel as sent and as received, against what is known. */
function breakdown({ known, sent, received }: Report): string {
  const row = (name: string, asKnown: number, asSent: number, asReceived: number) =>
    [
      name.padEnd(6),
      cell(asKnown),
      cell(asSent),
      off(asSent, asKnown),
      cell(asReceived),
      off(asReceived, asKnown),
    ].join('');
  return [
    `channel${'known'.padStart(13)}${'sent'.padStart(14)}${'off'.padStart(14)}${'received'.padStart(14)}${'off'.padStart(14)}`,
    ...CHANNELS.map((name) =>
      row(name, known.channels[name], sent.channels[name].payloadBytes, received.channels[name].payloadBytes),
    ),
    row('all', known.payloadBytes, sent.payloadBytes, received.payloadBytes),
  ].join('\n');
}

function cell(bytes: number): string {
  return String(bytes).padStart(14);
}

function off(bytes: number, known: number): string {
  const difference = bytes - known;
  return difference === 0 ? 'exact'.padStart(14) : `${difference > 0 ? '+' : ''}${difference}`.padStart(14);
}

try {
  const report = await runAndReport();
  console.log(
    `${breakdown(report)}\n${report.known.rows} rows in ${report.durationMs} ms; all of it in ${REPORT_FILE}`,
  );
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
