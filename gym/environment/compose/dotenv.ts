import { interpolate, type Lookup } from './interpolate.ts';

/**
 * Reads an `.env` file: `NAME=value`, `export NAME=value`, quotes, comments. Single quotes keep their text as it is; in the other forms
 * variables are filled in, from the lines above first. A name alone takes its value from `lookup`. Lines that are none of this give `badLines`.
 */
export function parseDotenv(text: string, lookup: Lookup): { values: Record<string, string>; badLines: number[] } {
  const values: Record<string, string> = {};
  const badLines: number[] = [];
  text.split(/\r?\n/).forEach((raw, index) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) return;
    const match = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*(?:=\s*(.*))?$/.exec(line);
    const name = match?.[1];
    const value = name === undefined ? undefined : readValue(match?.[2], name, (key) => values[key] ?? lookup(key));
    if (name === undefined || value === 'bad') badLines.push(index + 1);
    else if (value !== undefined) values[name] = value.text;
  });
  return { values, badLines };
}

function readValue(raw: string | undefined, name: string, lookup: Lookup): { text: string } | 'bad' | undefined {
  if (raw === undefined) {
    const inherited = lookup(name);
    return inherited === undefined ? undefined : { text: inherited };
  }
  const single = /^'([^']*)'\s*(?:#.*)?$/.exec(raw);
  if (single !== null) return { text: single[1] ?? '' };
  const double = /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/.exec(raw);
  if (double === null && /^["']/.test(raw)) return 'bad';
  const plain = double === null ? raw.replace(/\s+#.*$/, '').trim() : resolveEscapes(double[1] ?? '');
  const filled = interpolate(plain, lookup);
  return filled.ok ? { text: filled.text } : 'bad';
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

function resolveEscapes(text: string): string {
  return text.replace(/\\(.)/g, (_, char: string) => (char === '$' ? '$$' : (escapes[char] ?? char)));
}
