/** What was observed and what was expected, as a message of an assertion has them. */
export interface GotWant {
  readonly got: string;
  readonly want: string;
}

const text = '(?<got>.+?)';
const wanted = '(?<want>.+?)';

/** Sentences that hold both and nothing else, by the libraries that write them: words of the test's author are kept. */
const sentences: readonly RegExp[] = [
  // chai and Vitest: expected 3 to be 4 // Object.is equality
  new RegExp(
    String.raw`^(?:\w*Error: )?expected ${text} to (?:equal|deeply equal|strictly equal|be(?= (?:['"\x60\d{[<-]|(?:true|false|null|undefined|NaN)\b))) ${wanted}(?: // Object\.is equality)?$`,
    'm',
  ),
  // node:assert: 3 !== 4
  new RegExp(
    String.raw`^Expected values to be (?:strictly |loosely )?(?:deep-)?equal:\s+^${text} !==? ${wanted}$`,
    'm',
  ),
  // JUnit 4, JUnit Jupiter, TestNG
  new RegExp(String.raw`^(?:[\w.]+: )?expected:? ?[<[]${wanted}[>\]] but (?:was|found):? ?[<[]${text}[>\]]$`, 'm'),
  // tape, Go's usual words
  new RegExp(String.raw`^(?:\w+: )?expected ${wanted}, (?:actual|got) ${text}$`, 'm'),
  new RegExp(String.raw`^(?:[\w./-]+:\d+: )?(?:.+ = |got ?[:=]? ?)${text}[,;] want ?[:=]? ?${wanted}$`, 'm'),
];

/** Lines of their own: Jest, testify, RSpec, xUnit, NUnit. */
const wantLine = /^\s*(?:expected|want)(?: value)?\s*:[ \t]*(?<value>\S.*?)\s*$/im;
const gotLine = /^\s*(?:received|actual|got|but was)(?: value)?\s*:[ \t]*(?<value>\S.*?)\s*$/im;

/** Reads what an assertion saw and wanted; `undefined`: it does not say so in a way that is known. */
export function gotWant(message: string): GotWant | undefined {
  for (const sentence of sentences) {
    const { got, want } = sentence.exec(message)?.groups ?? {};
    if (got !== undefined && want !== undefined) return { got, want };
  }
  const got = gotLine.exec(message)?.groups?.['value'];
  const want = wantLine.exec(message)?.groups?.['value'];
  if (got !== undefined && want !== undefined) return { got, want };
  return ofDifference(message);
}

/** The lines of a difference: Jest's and Vitest's `- Expected + Received`, Node's `+ actual - expected`. */
function ofDifference(message: string): GotWant | undefined {
  if (!/^\s*(?:- Expected\b|\+ actual - expected)/m.test(message)) return undefined;
  const lines = message
    .split('\n')
    .filter((line) => !/^\s*(?:[-+] (?:Expected|Received)\b|\+ actual - expected)/.test(line));
  const of = (sign: string): string =>
    lines
      .filter((line) => line.startsWith(sign))
      .map((line) => line.slice(1).trim())
      .join(' ');
  const [got, want] = [of('+'), of('-')];
  return got === '' || want === '' ? undefined : { got, want };
}
