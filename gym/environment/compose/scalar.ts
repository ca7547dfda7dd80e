/** What a plain scalar is to Compose. */
export interface Resolved {
  readonly type: 'string' | 'number' | 'boolean' | 'null';
  /** As Compose would print it: `0777` is 511, `1.10` is 1.1, `True` is true. */
  readonly text: string;
}

const nulls = new Set(['', '~', 'null', 'Null', 'NULL']);
const booleans = new Set(['true', 'True', 'TRUE', 'false', 'False', 'FALSE']);

/** Resolves a scalar without quotes as go-yaml does, which Compose reads its files with (its resolve.go): YAML 1.2 with the older octal and `_`. */
export function resolvePlain(source: string): Resolved {
  if (nulls.has(source)) return { type: 'null', text: '' };
  if (booleans.has(source)) return { type: 'boolean', text: source.toLowerCase() };
  if (!/^[-+.0-9]/.test(source)) return { type: 'string', text: source };
  const plain = source.replaceAll('_', '');
  const integer = parseInteger(plain);
  if (integer !== undefined) return { type: 'number', text: integer.toString() };
  if (/^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(plain)) {
    return { type: 'number', text: goNumber(Number(plain)) };
  }
  return { type: 'string', text: source };
}

function parseInteger(text: string): bigint | undefined {
  const [, sign = '', digits = ''] = /^([-+]?)(.*)$/.exec(text) ?? [];
  const value = parseDigits(digits);
  const signed = value === undefined ? undefined : sign === '-' ? -value : value;
  return signed === undefined || signed < -(2n ** 63n) || signed >= 2n ** 64n ? undefined : signed;
}

function parseDigits(digits: string): bigint | undefined {
  if (/^(?:0x[0-9a-fA-F]+|0o[0-7]+|0b[01]+|0|[1-9][0-9]*)$/.test(digits)) return BigInt(digits);
  if (/^0[0-7]+$/.test(digits)) return BigInt(`0o${digits.slice(1)}`);
  return undefined;
}

/** Go's shortest form: with an exponent of at least two digits below 1e-4 and from 1e21 on. */
function goNumber(value: number): string {
  const size = Math.abs(value);
  const text = value !== 0 && size < 1e-4 ? value.toExponential() : String(value);
  return text.replace(/e([-+])(\d)$/, 'e$10$2');
}
