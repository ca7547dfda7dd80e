import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import type { ExecOutcome } from '../environment/environment.ts';
import { portVariables } from '../environment/port-variables.ts';
import { runOnHost } from '../harness/host.ts';
import { runMarker } from '../harness/stage.ts';
import type { CommandMeasure } from '../task/target.ts';
import type { Arm, Place } from './arm.ts';
import { type Measured, notMeasured } from './measured.ts';

/** Of what a command prints, its end is kept. */
const keptCharacters = 65_536;

/** Runs a measure's command once; `plantedMs`: it waits so long before it is over. */
export async function measureCommand(
  measure: CommandMeasure,
  arm: Arm,
  place: Place,
  plantedMs = 0,
): Promise<Measured> {
  if (measure.gives === 'duration') return timed(measure, arm, place, plantedMs);
  const counted = measure.gives === 'instructions';
  const words = wordsOf(measure);
  const ran = await execute(measure, counted ? ['sh', '-c', countInstructions, 'sh', ...words] : words, arm, place);
  if (ran.because !== undefined) return notMeasured(ran.because);
  return counted ? instructionsIn(ran.stderr) : numberIn(ran.stdout);
}

const wordsOf = ({ command }: CommandMeasure): readonly string[] =>
  typeof command === 'string' ? ['sh', '-c', command] : command;

/** Prints a mark when the command begins and when it is over: whoever reads has the clock, not the image of the service. */
const marked = `n=$1; s=$2; shift 2; echo "$n"; "$@"; c=$?; [ "$s" = 0 ] || sleep "$s"; printf '\\n%s\\n' "$n"; exit $c`;

async function timed(measure: CommandMeasure, arm: Arm, place: Place, plantedMs: number): Promise<Measured> {
  const mark = randomUUID();
  const times: number[] = [];
  let tail = '';
  const command = ['sh', '-c', marked, 'sh', mark, String(plantedMs / 1000), ...wordsOf(measure)];
  const ran = await execute(measure, command, arm, place, (text) => {
    const now = performance.now();
    tail += text;
    for (let at = tail.indexOf(mark); at >= 0; at = tail.indexOf(mark)) {
      times.push(now);
      tail = tail.slice(at + mark.length);
    }
    tail = tail.slice(-mark.length);
  });
  if (ran.because !== undefined) return notMeasured(ran.because);
  const [began] = times;
  const ended = times.at(-1);
  if (began === undefined || ended === undefined || times.length < 2)
    return notMeasured('it cannot be timed: there is no sh in the image');
  return ended > began ? { ok: true, value: ended - began } : notMeasured('it is too short to be timed', 'may pass');
}

/** Where the processor's counters may not be read, as in most containers, valgrind counts. */
const countInstructions = `
case "$(perf stat -x, -e instructions:u true 2>&1)" in
  [0-9]*) exec perf stat -x, -e instructions:u "$@" ;;
esac
if command -v valgrind >/dev/null; then
  exec valgrind --tool=callgrind --callgrind-out-file=/dev/null --trace-children=yes "$@"
fi
echo 'neither perf nor valgrind can count here' >&2; exit 127`;

/** perf-stat(1), `-x,`: the count comes first. Callgrind tells it of each process. */
export function instructionsIn(stderr: string): Measured {
  const perf = /^(\d+),[^,]*,instructions/m.exec(stderr)?.[1];
  if (perf !== undefined) return { ok: true, value: Number(perf), how: 'perf' };
  const counts = [...stderr.matchAll(/^==\d+== Collected : (\d+)/gm)].map(([, count]) => Number(count));
  if (counts.length === 0) return notMeasured('the number of instructions was not told');
  return { ok: true, value: counts.reduce((sum, count) => sum + count, 0), how: 'valgrind' };
}

/** The number in the last line that is not empty. */
export function numberIn(stdout: string): Measured {
  const last = stdout.trimEnd().split('\n').at(-1)?.trim() ?? '';
  const isNumber = /^\d+(\.\d+)?(e[-+]?\d+)?$/i.test(last) && Number.isFinite(Number(last));
  if (isNumber) return { ok: true, value: Number(last) };
  return notMeasured(`its last line is no number: ${JSON.stringify(last.slice(0, 100))}`);
}

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  /** Why it did not come to a good end, if it did not. */
  readonly because?: string;
}

async function execute(
  { service, workdir, env, timeoutSeconds }: CommandMeasure,
  command: readonly string[],
  { environment, hostDirectory }: Arm,
  { run, signal }: Place,
  onText: (stdout: string) => void = () => undefined,
): Promise<Ran> {
  const texts = { stdout: '', stderr: '' };
  const request = {
    command,
    env: { ...env, [runMarker]: run },
    onOutput: (chunk: Uint8Array, stream: 'stdout' | 'stderr') => {
      const text = Buffer.from(chunk).toString('latin1');
      if (stream === 'stdout') onText(text);
      texts[stream] = (texts[stream] + text).slice(-keptCharacters);
    },
    signal,
    timeoutMs: timeoutSeconds * 1000,
  };
  const outcome =
    service === undefined
      ? await runOnHost({
          ...request,
          env: { ...portVariables(environment.publishedPorts()), ...request.env },
          workdir: resolve(hostDirectory, workdir ?? '.'),
          marker: `${runMarker}=${run}`,
        })
      : await environment.exec(service, { ...request, ...(workdir !== undefined && { workdir }) });
  const because = becauseOf(outcome, texts);
  return { ...texts, ...(because !== undefined && { because }) };
}

function becauseOf(outcome: ExecOutcome, { stdout, stderr }: { stdout: string; stderr: string }): string | undefined {
  if (outcome.kind === 'lost') return outcome.because;
  if (outcome.kind !== 'exited') return `the command was ${outcome.kind === 'aborted' ? 'aborted' : 'timed out'}`;
  if (outcome.exitCode === 0) return undefined;
  const said = (stderr.trim() || stdout.trim()).split('\n').slice(-3).join(' ').slice(-300);
  return `the command ended with exit code ${outcome.exitCode}${said === '' ? '' : `: ${said}`}`;
}
