import { interpolate, type Lookup } from './interpolate.ts';

/** What an env file holds. */
export interface Dotenv {
  readonly values: Record<string, string>;
  readonly problems: readonly { readonly line: number; readonly message: string }[];
}

/**
 * Reads an env file: `NAME=value`, `export NAME=value`, `NAME: value`, comments, quotes that may go over lines. Single quotes keep their text as it
 * is; elsewhere variables are filled in, from `lookup`, then from the lines above and `earlier` files, whose values are given back too. A name alone
 * takes its value from `lookup`. Source: compose-go, dotenv.
 */
export function parseDotenv(text: string, lookup: Lookup, earlier: Readonly<Record<string, string>> = {}): Dotenv {
  const values: Record<string, string> = { ...earlier };
  const problems: { line: number; message: string }[] = [];
  const inner: Lookup = (name) => lookup(name) ?? values[name];
  const source = text.replaceAll('\r\n', '\n').replace(/^\uFEFF/, '');
  const statement = /[^\S\n]*(?:export[^\S\n]+)?([\p{L}\p{N}_.[\]-]+)[^\S\n]*(?:([=:])[^\S\n]*|(?=\n|$))/uy;
  let at = 0;
  while (at < source.length) {
    const line = source.slice(0, at).split('\n').length;
    const blank = /\s*(?:#[^\n]*)?(?:\n|$)/y;
    blank.lastIndex = at;
    if (blank.test(source)) {
      at = Math.max(blank.lastIndex, at + 1);
      continue;
    }
    statement.lastIndex = at;
    const [, name, assigned] = statement.exec(source) ?? [];
    const value =
      name === undefined ? undefined : assigned === undefined ? null : readValue(source, statement.lastIndex, inner);
    if (name === undefined || value === undefined) {
      problems.push({ line, message: 'not NAME=value' });
      return { values, problems };
    }
    if (value === null) {
      const inherited = lookup(name);
      if (inherited !== undefined) values[name] = inherited;
      at = statement.lastIndex;
    } else if ('message' in value) {
      problems.push({ line, message: value.message });
      return { values, problems };
    } else {
      values[name] = value.text;
      at = value.end;
    }
  }
  return { values, problems };
}

type Value = { readonly text: string; readonly end: number } | { readonly message: string };

function readValue(source: string, at: number, lookup: Lookup): Value {
  const quote = source.charAt(at);
  if (quote === '"' || quote === "'") return readQuoted(source, at, quote, lookup);
  const newline = source.indexOf('\n', at);
  const end = newline < 0 ? source.length : newline;
  const written = source.slice(at, end).split(' #')[0] ?? '';
  return fill(written.trimEnd(), lookup, end);
}

function readQuoted(source: string, at: number, quote: string, lookup: Lookup): Value {
  let text = '';
  for (let index = at + 1; index < source.length; index += 1) {
    const char = source.charAt(index);
    if (char === quote) {
      return quote === "'" ? { text, end: index + 1 } : fill(resolveEscapes(text), lookup, index + 1);
    }
    if (char === '\\' && index + 1 < source.length) {
      index += 1;
      // Only the quote itself loses its backslash here.
      text += source.charAt(index) === quote ? quote : `\\${source.charAt(index)}`;
    } else text += char;
  }
  return { message: 'a quote is not closed' };
}

function fill(text: string, lookup: Lookup, end: number): Value {
  const filled = interpolate(text, lookup);
  return filled.ok ? { text: filled.text, end } : { message: filled.message };
}

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '"': '"',
  '\\': '\\',
  $: '$$',
};

function resolveEscapes(text: string): string {
  return text.replace(/\\(?:([abfnrtv$"\\])|0([0-7]{3}))/g, (_, char: string | undefined, octal: string | undefined) =>
    char === undefined ? String.fromCharCode(Number.parseInt(octal ?? '0', 8)) : (escapes[char] ?? char),
  );
}

/** `format: raw`: every line is `NAME=value` as it is, as for `docker run --env-file`. */
export function parseRawEnv(text: string, lookup: Lookup): Dotenv {
  const values: Record<string, string> = {};
  const problems: { line: number; message: string }[] = [];
  text.split(/\r?\n/).forEach((raw, index) => {
    const line = raw.trimStart();
    if (line === '' || line.startsWith('#')) return;
    const at = line.indexOf('=');
    const name = at < 0 ? line : line.slice(0, at);
    const value = at < 0 ? lookup(name) : line.slice(at + 1);
    if (name === '' || /\s/.test(name)) problems.push({ line: index + 1, message: 'not NAME=value' });
    else if (value !== undefined) values[name] = value;
  });
  return { values, problems };
}
