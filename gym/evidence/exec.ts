import type { Environment } from '../environment/environment.ts';
import { failed, ok, type Result } from '../events/problem.ts';
import type { ExecSource } from '../task/source/asked.ts';
import { beginDifference } from './difference.ts';
import { parseDocuments } from './documents.ts';
import { answerLimitBytes } from './http.ts';
import type { BeginSource, ReadSource } from './reader.ts';
import { take } from './take.ts';

/** A command to be run for its standard output. */
export type Command = Pick<ExecSource, 'service' | 'user' | 'timeoutSeconds'> & { readonly command: readonly string[] };

/** The standard output of a command in a service. */
export const beginExec: BeginSource<'exec'> = async (source, { environment, nonce, signal }) => {
  const { service, format, counters } = source;
  const command = typeof source.command === 'string' ? ['sh', '-c', source.command] : source.command;
  const read: ReadSource = async () => {
    const output = await outputOf(environment, { ...source, command }, signal);
    const documents = output.ok ? await parseDocuments(format, output.value, { service }) : output;
    return documents.ok ? take(documents.value, source.parse, nonce) : documents;
  };
  return counters.length === 0 ? read : beginDifference(read, ({ metric }) => counters.includes(metric));
};

/** Runs a command in a service; its standard output. One that does not exit with 0, or says too much, is a problem. */
export async function outputOf(
  environment: Environment,
  { service, user, command, timeoutSeconds }: Command,
  signal: AbortSignal,
): Promise<Result<string>> {
  const out: Uint8Array[] = [];
  let complaint = '';
  let bytes = 0;
  const tooMuch = new AbortController();
  const outcome = await environment.exec(service, {
    command,
    ...(user !== undefined && { user }),
    onOutput(chunk, stream) {
      bytes += chunk.length;
      if (bytes > answerLimitBytes) tooMuch.abort();
      else if (stream === 'stdout') out.push(chunk);
      else complaint = (complaint + Buffer.from(chunk).toString('utf8')).slice(-2000);
    },
    signal: AbortSignal.any([signal, tooMuch.signal]),
    timeoutMs: timeoutSeconds * 1000,
  });
  // The command is not told: there may be a password in it.
  const fail = (why: string): Result<never> =>
    failed({ kind: 'evidence', message: `the command in ${service} did not succeed: ${why}`, place: { service } });
  if (tooMuch.signal.aborted) return fail(`it printed more than ${answerLimitBytes} bytes`);
  if (outcome.kind === 'lost') return fail(outcome.because);
  if (outcome.kind === 'timed-out') return fail(`it took longer than ${timeoutSeconds} s`);
  if (outcome.kind === 'aborted') return fail('it was broken off');
  if (outcome.exitCode !== 0) return fail(`exit code ${outcome.exitCode}: ${complaint.trim().slice(-500)}`);
  return ok(Buffer.concat(out).toString('utf8'));
}
