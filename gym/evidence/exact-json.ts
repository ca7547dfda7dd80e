// JSON that keeps what JSON has no words for: whole numbers of any size, NaN and infinities.

/** A key that stands for such a value, or a key of the data that would be taken for one. */
const marked = /^\$+(bigint|number)$/;

/** Writes a value in one line: `{"$bigint":"…"}` and `{"$number":"NaN"}` stand for what JSON has no words for. */
export function toExactJson(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (typeof each === 'bigint') return { $bigint: String(each) };
    if (typeof each === 'number' && !Number.isFinite(each)) return { $number: String(each) };
    if (!isObject(each) || Array.isArray(each) || !Object.keys(each).some((key) => marked.test(key))) return each;
    return Object.fromEntries(Object.entries(each).map(([key, inner]) => [marked.test(key) ? `$${key}` : key, inner]));
  });
}

/** Reads what `toExactJson` wrote. */
export function fromExactJson(text: string): unknown {
  return JSON.parse(text, (_, each: unknown) => {
    if (!isObject(each) || Array.isArray(each)) return each;
    const entries = Object.entries(each);
    if (!entries.some(([key]) => marked.test(key))) return each;
    const [[key, value] = ['', undefined]] = entries;
    if (key === '$bigint') return BigInt(String(value));
    if (key === '$number') return Number(value);
    return Object.fromEntries(entries.map(([name, inner]) => [marked.test(name) ? name.slice(1) : name, inner]));
  });
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
