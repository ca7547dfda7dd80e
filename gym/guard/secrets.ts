import { basename } from 'node:path';
import type { Finding } from '../judge/finding.ts';
import { bitsPerCharacter, secretsIn, tokensIn } from '../judge/secrets.ts';
import { countText } from '../judge/text.ts';
import { type Breach, type Guard, judgeBreaches, lineChanges } from './guard.ts';

/** Settings of a machine, which are full of them; not those that show what there is to set. */
const settings = /^\.env(?:\.(?!example$|sample$|template$|dist$|defaults?$)[\w-]+)*$/;
/** Characters that are shown of one: enough to find it. */
const shown = 4;

/** No key, token or password is written down. */
export const secrets: Guard = {
  name: 'secrets',
  claim: 'no secret is added',
  remedy: 'take it out, and have it replaced where it was real: whoever reads the run has seen it',
  judge({ changes }) {
    const lines = changes.map((change) => ({ change, added: lineChanges(change).added }));
    const count = lines.reduce((sum, { added }) => sum + added.length, 0);
    if (count === 0) return undefined;
    const known = new Set(changes.flatMap(({ before }) => before?.text?.split('\n') ?? []));
    const breaches = lines.flatMap(({ change, added }) =>
      added.flatMap(({ line, text, next }) => breachesIn(change.path, [text, next], line, known)),
    );
    return judgeBreaches(
      breaches,
      1,
      `${countText(count, 'added line')}, no secret`,
      countText(breaches.length, 'secret'),
    );
  },
};

/** Secrets in a line. `known`: lines that were in a changed file before; one that was moved is not added. */
function breachesIn(
  path: string,
  [text = '', next = '']: readonly string[],
  line: number,
  known: ReadonlySet<string>,
): Breach[] {
  // A line that no person wrote; its beginning tells enough.
  const looked = text.slice(0, 10_000);
  const found = settings.test(basename(path)) ? secretsIn(looked) : tokensIn(looked);
  return found
    .filter((each) => isReal(each, looked, next) && !(known.has(text) && (!isKey(each) || known.has(next))))
    .map((each) => ({ file: path, line, what: `${each.what}: ${masked(looked.slice(each.from, each.to))}` }));
}

const isKey = ({ what }: Finding): boolean => what === 'a private key';

/** A test and a page of a manual show keys that open nothing: without a body, of one character, or named an example. */
function isReal(finding: Finding, line: string, next: string): boolean {
  const value = line.slice(finding.from, finding.to);
  if (isKey(finding))
    return !value.startsWith('-----') || /[A-Za-z0-9+/=]{40}/.test(`${line.slice(finding.to)}\n${next}`);
  return !/example|x{6}|(.)\1{7}|0123456|123456789|abcdef(?:gh|012)/i.test(value) && bitsPerCharacter(value) >= 3;
}

function masked(value: string): string {
  // Of `NAME=value` the name may be seen.
  const start = /^[^=:]*[=:]\s*["']?/.exec(value)?.[0].length ?? 0;
  return `${value.slice(0, start + shown)}… (${value.length - start} characters)`;
}
