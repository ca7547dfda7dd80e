import { failed, ok, type Result } from '../../events/problem.ts';

/** A line that begins or ends what gym writes about a task into a file that is someone else's. */
const beginOf = (task: string): string =>
  `<!-- gym:begin ${task}: gym docs ${task} writes this; what is changed in here is lost -->`;
const endOf = (task: string): string => `<!-- gym:end ${task} -->`;

/** Where a task's section is in a text; `undefined`: nowhere. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** A text with the task's section in it: in the place of the one that is there, or else at the end. What is outside stays byte for byte. */
export function withSection(text: string, task: string, body: string): Result<string> {
  const found = spanOf(text, task);
  if (!found.ok) return found;
  const isDos = text.includes('\r\n');
  const unix = `${beginOf(task)}\n${body.trim()}\n${endOf(task)}`;
  const section = isDos ? unix.replaceAll('\n', '\r\n') : unix;
  const line = isDos ? '\r\n' : '\n';
  const span = found.value;
  if (span !== undefined) return ok(text.slice(0, span.from) + section + text.slice(span.to));
  const gap = text === '' ? '' : text.endsWith(line + line) ? '' : text.endsWith(line) ? line : line + line;
  return ok(`${text}${gap}${section}${line}`);
}

/** Whether a text has a section of the task; one that is damaged counts. */
export function hasSection(text: string, task: string): boolean {
  const found = spanOf(text, task);
  return !found.ok || found.value !== undefined;
}

function spanOf(text: string, task: string): Result<Span | undefined> {
  // The words after the name may be those of another version of gym.
  const begins = [...text.matchAll(new RegExp(`<!-- gym:begin ${task}(?![\\w-]).*?-->`, 'g'))];
  const ends = [...text.matchAll(new RegExp(`<!-- gym:end ${task} -->`, 'g'))];
  const [begin, end] = [begins[0], ends[0]];
  if (begin === undefined && end === undefined) return ok(undefined);
  if (begin === undefined || end === undefined || begins.length > 1 || ends.length > 1 || end.index < begin.index) {
    const message = `the marks of its section about ${task} are not one pair`;
    const remedy = `Leave one "<!-- gym:begin ${task} -->" and, after it, one "<!-- gym:end ${task} -->", or none of both.`;
    return failed({ kind: 'usage', message, remedy });
  }
  return ok({ from: begin.index, to: end.index + end[0].length });
}
