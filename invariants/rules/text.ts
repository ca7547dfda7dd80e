// Rules over texts: lines of logs, files read as text, and every text and number in a parsed document.
import type { Finding } from '../../gym/judge/finding.ts';
import { secretsIn } from '../../gym/judge/secrets.ts';
import { personalDataIn } from './personal-data.ts';
import { type Rule, rule, type Violation } from './rule.ts';

/** What need not be told. */
export interface TextRuleOptions {
  /** A finding that one of them fits is passed over: `/@example\.com$/`. */
  readonly except?: readonly RegExp[];
}

/** Violations of one text at most: of more, nobody reads each. */
const mostViolations = 100;
const mostDepth = 200;

/**
 * No e-mail address, phone number (international, North American, or beside a word such as `phone`), payment card number (length and
 * prefix of a network, Luhn's check digit) or IBAN (length of its country, ISO 7064 MOD 97-10). Names and addresses of people cannot be told from other words,
 * and IP addresses are not looked for.
 */
export function noPersonalData(options: TextRuleOptions = {}): Rule {
  return textRule('noPersonalData', personalDataIn, options);
}

/**
 * No private key, no token of a well-known form (AWS, GitHub, GitLab, Slack, Stripe, Google, npm, JWT, …), no URL with a password, no
 * credentials in an `Authorization` header, and no random-looking value beside a name such as `password` or `api_key`.
 */
export function noSecrets(options: TextRuleOptions = {}): Rule {
  return textRule('noSecrets', secretsIn, options);
}

function textRule(name: string, find: (text: string) => readonly Finding[], { except = [] }: TextRuleOptions): Rule {
  const patterns = except.map(({ source, flags }) => new RegExp(source, flags.replaceAll(/[gy]/g, '')));
  const found = (text: string): readonly Finding[] => {
    const findings = find(text);
    if (patterns.length === 0 || findings.length === 0) return findings;
    return findings.filter(({ from, to }) => !patterns.some((pattern) => pattern.test(text.slice(from, to))));
  };
  return rule(name, ({ value, place }) => {
    if (typeof value !== 'string') return inValues(value, found);
    if (!value.includes('\n')) return found(value).slice(0, mostViolations).map(asViolation);
    const first = place.line ?? 1;
    return value
      .split('\n')
      .flatMap((line, index) => found(line).map((each) => ({ ...asViolation(each), line: first + index })))
      .slice(0, mostViolations);
  });
}

const asViolation = ({ what, from }: Finding): Violation => ({ message: `holds ${what} at column ${from + 1}` });

/** In a parsed document each text or number is looked at together with its key, as `key: value`. Null: there is none. */
function inValues(value: unknown, find: (text: string) => readonly Finding[]): Violation[] | null {
  const violations: Violation[] = [];
  let texts = 0;
  const walk = (each: unknown, path: readonly (string | number)[]): void => {
    if (typeof each === 'string' || typeof each === 'number' || typeof each === 'bigint') {
      texts += 1;
      const key = path.at(-1);
      const label = typeof key === 'string' ? `${key}: ` : '';
      for (const { what } of find(label + String(each).replaceAll('\n', ' ')))
        violations.push({ message: `holds ${what}`, path });
    } else if (typeof each === 'object' && each !== null && path.length < mostDepth) {
      const entries = Array.isArray(each) ? each.entries() : Object.entries(each);
      for (const [key, item] of entries) walk(item, [...path, key]);
    }
  };
  walk(value, []);
  return texts === 0 ? null : violations.slice(0, mostViolations);
}
