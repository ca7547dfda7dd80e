import { z } from 'zod';
import { jsonOf } from '../../events/json.ts';
import { type Fields, fieldTexts, readMessages } from './protobuf.ts';

/** One step of a build as far as it was told. */
interface Step {
  readonly name: string;
  /** The last lines that it printed. */
  readonly lines: string[];
  error: string | null;
}

/** What a build says of itself, by either builder. */
export interface BuildProgress {
  /** Takes the next piece of the engine's answer; gives the names of steps that began. */
  take(chunk: Uint8Array): readonly string[];
  /** What went wrong: the failing step, its last lines, the builder's words. `undefined`: nothing. */
  failure(): string | undefined;
}

const message = z.object({
  stream: z.string().optional(),
  error: z.string().optional(),
  id: z.string().optional(),
  aux: z.unknown().optional(),
});
const keptLines = 20;

/**
 * Follows the stream of `POST /build`: lines of JSON. The classic builder and Podman write plain text in `stream`; BuildKit sends `moby.buildkit.trace`
 * with a StatusResponse of its control API (vertexes are steps), base64 over protobuf. Both end with `error` when they fail.
 */
export function followBuild(): BuildProgress {
  const steps = new Map<string, Step>();
  const decoder = new TextDecoder();
  let rest = '';
  let error: string | undefined;
  let current = '';

  const begin = (id: string, name: string): string[] => {
    if (steps.has(id) || name === '') return [];
    steps.set(id, { name, lines: [], error: null });
    return [name];
  };
  const print = (id: string, text: string): void => {
    const step = steps.get(id);
    if (step === undefined) return;
    step.lines.push(...text.split(/\r?\n|\r/).filter((line) => line.trim() !== ''));
    step.lines.splice(0, Math.max(0, step.lines.length - keptLines));
  };
  const takeText = (text: string): string[] => {
    const step = /^(?:Step \d+\/\d+ |STEP \d+\/\d+): (.*)/.exec(text)?.[0]?.trim();
    if (step === undefined) print(current, text);
    else current = step;
    return step === undefined ? [] : begin(step, step);
  };
  const takeTrace = (base64: string): string[] => {
    const trace = readTrace(Buffer.from(base64, 'base64'));
    const begun = trace.vertexes.flatMap(({ digest, name }) => (isStep(name) ? begin(digest, name) : []));
    for (const { digest, name, error: why } of trace.vertexes) {
      if (why !== '') begin(digest, name);
      const step = steps.get(digest);
      if (step !== undefined && why !== '') step.error = why;
    }
    for (const { vertex, text } of trace.logs) print(vertex, text);
    return begun;
  };
  const takeLine = (line: string): string[] => {
    const parsed = message.safeParse(jsonOf(line));
    if (!parsed.success) return [];
    if (parsed.data.error !== undefined) error = parsed.data.error;
    if (parsed.data.id === 'moby.buildkit.trace' && typeof parsed.data.aux === 'string')
      return takeTrace(parsed.data.aux);
    return parsed.data.stream === undefined ? [] : takeText(parsed.data.stream);
  };

  return {
    take(chunk) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      return lines.flatMap(takeLine);
    },
    failure() {
      takeLine(rest);
      rest = '';
      if (error === undefined) return undefined;
      const step = [...steps.values()].find((each) => each.error !== null) ?? steps.get(current);
      return step === undefined ? error : [step.name, ...step.lines.map((line) => `  ${line}`), error].join('\n');
    },
  };
}

/** Steps of the Dockerfile are numbered: `[build 2/3] RUN …`; the rest is BuildKit's own. */
function isStep(name: string): boolean {
  return /^\[(?!internal\])/.test(name);
}

interface Trace {
  readonly vertexes: readonly { digest: string; name: string; error: string }[];
  readonly logs: readonly { vertex: string; text: string }[];
}

/** Field numbers: moby/buildkit, api/services/control/control.proto (StatusResponse, Vertex, VertexLog). */
function readTrace(bytes: Uint8Array): Trace {
  const response = readMessages(bytes);
  const vertex = (fields: Fields): { digest: string; name: string; error: string } => ({
    digest: fieldTexts(fields, 1)[0] ?? '',
    // A step that has not begun has no field 5.
    name: fields.some(({ number }) => number === 5) ? (fieldTexts(fields, 3)[0] ?? '') : '',
    error: fieldTexts(fields, 7)[0] ?? '',
  });
  const of = (number: number): Fields[] =>
    response.flatMap((field) => (field.number === number && field.bytes !== null ? [readMessages(field.bytes)] : []));
  return {
    vertexes: of(1).map(vertex),
    logs: of(3).map((fields) => ({ vertex: fieldTexts(fields, 1)[0] ?? '', text: fieldTexts(fields, 4).join('') })),
  };
}
