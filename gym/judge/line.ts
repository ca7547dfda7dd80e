import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';

/** Which lines of a log count: those that match a regular expression, or JSON lines whose fields have these values. */
export const lineSchema = z.union([
  z.strictObject({ pattern: z.string().refine(isPattern, 'not a regular expression') }),
  z.strictObject({
    fields: z
      .record(z.string(), z.json())
      .refine((fields) => Object.keys(fields).length > 0, 'name at least one field'),
  }),
]);
export type Line = z.output<typeof lineSchema>;

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

/** How a line differs from what is asked: not at all, entirely, or in some fields, in words. */
export function differenceOf(wanted: Line): (line: string) => string {
  if ('pattern' in wanted) {
    const pattern = new RegExp(wanted.pattern, 'u');
    return (line) => (pattern.test(line) ? 'not at all' : 'entirely');
  }
  const fields = Object.entries(wanted.fields);
  const [key] = fields;
  return (line) => {
    if (!/^\s*\{/.test(line)) return 'entirely';
    const document = jsonOf(line);
    const wrong = fields.filter(([name, value]) => !isDeepStrictEqual(document[name], value));
    if (wrong.length === 0) return 'not at all';
    // A line whose first asked field fits is the one that was meant.
    if (key === undefined || wrong.some(([name]) => name === key[0])) return 'entirely';
    return wrong.map(([name, value]) => `${name} is ${valueText(document[name])}, not ${valueText(value)}`).join(', ');
  };
}

/** A field's value; a line may hold anything of any length. */
function valueText(value: unknown): string {
  const text = value === undefined ? 'missing' : JSON.stringify(value);
  return text.length <= 100 ? text : `${text.slice(0, 99)}…`;
}

function jsonOf(line: string): Record<string, unknown> {
  try {
    const document: unknown = JSON.parse(line);
    return typeof document === 'object' && document !== null ? { ...document } : {};
  } catch {
    return {};
  }
}

/** The line as text. */
export function lineText(line: Line): string {
  return 'pattern' in line ? `/${line.pattern}/` : JSON.stringify(line.fields);
}
