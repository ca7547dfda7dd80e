/** Looks a variable up; `undefined`: it is not set. */
export type Lookup = (name: string) => string | undefined;

/** A text with its variables filled in, or what is wrong with it. `unset` names those that were not set and became empty. */
export type Interpolated =
  | { readonly ok: true; readonly text: string; readonly unset: readonly string[] }
  | { readonly ok: false; readonly message: string };

interface Cursor {
  readonly text: string;
  at: number;
  readonly unset: string[];
}

class Malformed extends Error {}

/**
 * Fills in `$V ${V} ${V:-d} ${V-d} ${V:?e} ${V?e} ${V:+r} ${V+r}`; `$$` is a dollar sign. Defaults may hold variables themselves.
 * Source: Compose Specification, "Interpolation".
 */
export function interpolate(text: string, lookup: Lookup): Interpolated {
  if (!text.includes('$')) return { ok: true, text, unset: [] };
  const cursor: Cursor = { text, at: 0, unset: [] };
  try {
    return { ok: true, text: readText(cursor, lookup, false), unset: cursor.unset };
  } catch (error) {
    if (error instanceof Malformed) return { ok: false, message: error.message };
    throw error;
  }
}

/** Up to the end, or up to the brace that closes the variable whose default is being read. */
function readText(cursor: Cursor, lookup: Lookup, nested: boolean): string {
  let out = '';
  while (cursor.at < cursor.text.length) {
    const char = cursor.text.charAt(cursor.at);
    if (nested && char === '}') return out;
    cursor.at += 1;
    out += char === '$' ? readVariable(cursor, lookup) : char;
  }
  return out;
}

function readVariable(cursor: Cursor, lookup: Lookup): string {
  const next = cursor.text.charAt(cursor.at);
  if (next === '$') {
    cursor.at += 1;
    return '$';
  }
  if (next === '{') {
    cursor.at += 1;
    return readBraced(cursor, lookup);
  }
  const name = readName(cursor);
  if (name === '') throw new Malformed(`"${cursor.text}": a lone $ is written $$`);
  return lookUp(name, cursor, lookup);
}

function readBraced(cursor: Cursor, lookup: Lookup): string {
  const name = readName(cursor);
  if (name === '') throw new Malformed(`"${cursor.text}": a variable's name is missing after \${`);
  const operator = /^(?::?[-?+])/.exec(cursor.text.slice(cursor.at))?.[0] ?? '';
  cursor.at += operator.length;
  const value = lookup(name);
  const present = operator.startsWith(':') ? value !== undefined && value !== '' : value !== undefined;
  const wordIsUsed = operator.endsWith('+') ? present : !present;
  // A word that is not used is read over: nothing in it may be missed or required.
  const word = operator === '' ? '' : readText(cursor, wordIsUsed ? lookup : () => '-', true);
  if (cursor.text.charAt(cursor.at) !== '}') throw new Malformed(`"${cursor.text}": \${${name} is not closed by }`);
  cursor.at += 1;

  if (operator === '') return lookUp(name, cursor, lookup);
  if (operator.endsWith('+')) return present ? word : '';
  if (present) return value ?? '';
  if (operator.endsWith('?'))
    throw new Malformed(`variable ${name} is required: ${word === '' ? 'it is not set' : word}`);
  return word;
}

function readName(cursor: Cursor): string {
  const name = /^[A-Za-z_][A-Za-z0-9_]*/.exec(cursor.text.slice(cursor.at))?.[0] ?? '';
  cursor.at += name.length;
  return name;
}

function lookUp(name: string, cursor: Cursor, lookup: Lookup): string {
  const value = lookup(name);
  if (value === undefined) cursor.unset.push(name);
  return value ?? '';
}
