import { type Finding, withoutOverlaps } from './finding.ts';

/** Tokens of a well-known form, as their issuers document them. Each begins with something that hardly anything else begins with. */
const tokens: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['a private key', /-----BEGIN (?:[A-Z]{2,10} ){0,2}PRIVATE KEY(?: BLOCK)?-----|AGE-SECRET-KEY-1[0-9A-Z]{58}/g],
  ['an AWS access key', /(?<!\w)A(?:KIA|SIA)[A-Z2-7]{16}(?!\w)/g],
  ['a GitHub token', /(?<!\w)(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_\w{22,255})(?!\w)/g],
  ['a GitLab token', /(?<!\w)gl(?:pat|dt|rt|cbt|ptt)-[\w-]{20,100}/g],
  ['a Slack token', /(?<!\w)xox[abeoprs]-(?:[A-Za-z0-9]{1,50}-){1,5}[A-Za-z0-9]{10,100}/g],
  ['a Stripe key', /(?<!\w)[rs]k_(?:live|test)_[A-Za-z0-9]{16,200}(?!\w)/g],
  ['a Google API key', /(?<!\w)AIza[\w-]{35}(?![\w-])/g],
  ['a Google OAuth secret', /(?<!\w)GOCSPX-[\w-]{28}(?![\w-])/g],
  ['an npm token', /(?<!\w)npm_[A-Za-z0-9]{36}(?!\w)/g],
  ['a PyPI token', /(?<!\w)pypi-AgE[\w-]{50,250}/g],
  ['a key of an AI service', /(?<!\w)(?:sk-(?:ant|proj|svcacct)-[\w-]{20,250}|hf_[A-Za-z]{34}(?!\w))/g],
  ['a SendGrid key', /(?<!\w)SG\.[\w-]{22}\.[\w-]{43}(?![\w-])/g],
  ['a Docker token', /(?<!\w)dckr_(?:pat|oat)_[\w-]{24,60}/g],
  ['a DigitalOcean token', /(?<!\w)do[opr]_v1_[0-9a-f]{64}(?!\w)/g],
  ['a Vault token', /(?<!\w)hv[sb]\.[\w-]{24,200}/g],
  ['a Shopify token', /(?<!\w)shp(?:at|ca|pa|ss)_[0-9a-f]{32}(?!\w)/g],
  ['a JWT', /(?<![\w-])eyJ[\w-]{8,2000}\.eyJ[\w-]{8,4000}\.[\w-]{16,1000}/g],
];
/** What each of those has: asked first, because hardly any line has it. */
const tokenStart =
  /PRIVATE KEY|SECRET-KEY|A[KS]IA|gh[pousr]_|github_pat_|gl[a-z]{2,3}-|xox[abeoprs]-|[rs]k_|AIza|GOCSPX|npm_|pypi-|sk-|hf_|SG\.|dckr_|do[opr]_v1|hv[sb]\.|shp[a-z]{2}_|eyJ/;

/** The words at the end of a name that make its value a secret. */
const words =
  'passw(?:or)?d|passphrase|pwd|secret(?:[_-]?key)?|token|api[_-]?key|(?:access|private|auth|signing|encryption)[_-]?key|credentials?';
const assignment = new RegExp(
  `(?:${words})["'\\]]{0,2}\\s{0,3}(?:[:=]|=>)\\s{0,3}(?:(?:"([^"]{8,500})")|(?:'([^']{8,500})')|([^\\s"',;&(){}]{8,500}))`,
  'gi',
);
const secretName = new RegExp(`(?:^|[^a-z])(?:${words}|pass)$`, 'i');
/** Tokens that are no secrets: of pages, positions, forms and parsers. */
const openName =
  /(?:next|prev(?:ious)?|page|cursor|continu(?:e|ation)|sync|resume|cancel(?:lation)?|csrf|xsrf|public)[_-]?$/i;
const urlWithPassword = /\w{1,20}:\/\/[^\s:/?#"'@]{0,100}:([^\s/?#"'@]{1,200})@[\w.[-]/g;
const authorization = /authorization["']?\s{0,3}[:=]\s{0,3}["']?(?:bearer|basic|token)\s{1,3}([\w.~+/=-]{8,4000})/gi;

/** Tokens of a well-known form in one line of text. */
export function tokensIn(line: string): Finding[] {
  return tokenStart.test(line) ? tokens.flatMap(([what, pattern]) => all(line, pattern, what)) : [];
}

/** Secrets in one line of text. Every pattern has bounds, so that the time grows with the length of the line and no faster. */
export function secretsIn(line: string): readonly Finding[] {
  const found = tokensIn(line);
  if (line.includes('://')) found.push(...inGroup(line, urlWithPassword, 'a URL with a password', isLiteral));
  if (!/passw|passph|pwd|secret|token|key|credential|authoriz/i.test(line)) return withoutOverlaps(found);
  found.push(...inGroup(line, authorization, 'credentials of a request', isLiteral), ...assignmentsIn(line));
  // A token beside a word such as `token` is told once.
  return withoutOverlaps(found);
}

function all(line: string, pattern: RegExp, what: string): Finding[] {
  return Array.from(line.matchAll(pattern), ({ 0: text, index }) => ({ what, from: index, to: index + text.length }));
}

function inGroup(line: string, pattern: RegExp, what: string, isSecret: (value: string) => boolean): Finding[] {
  return Array.from(line.matchAll(pattern))
    .filter(({ 1: value = '' }) => isSecret(value))
    .map(({ 0: text, index }) => ({ what, from: index, to: index + text.length }));
}

function assignmentsIn(line: string): Finding[] {
  const findings: Finding[] = [];
  for (const { 0: text, 1: double, 2: single, 3: bare, index } of line.matchAll(assignment)) {
    const value = double ?? single ?? bare ?? '';
    const before = line.slice(Math.max(0, index - 24), index);
    if (openName.test(before) || !isLiteral(value) || !looksRandom(value)) continue;
    findings.push({ what: 'a secret beside its name', from: index, to: index + text.length });
  }
  return findings;
}

/** Whether a value is one, and not a variable, a placeholder or something that was masked. */
function isLiteral(value: string): boolean {
  const isMasked = /^[*•x.#_-]+$/i.test(value) || /\*{3}/.test(value);
  const isFilledIn = /\$[{(\w]|\{\{|^%\w+%$|^<[^<>]*>$|^\[[^[\]]*\]$|^!|process\.env|env\(|os\.environ/.test(value);
  const isWord =
    /^(?:null|none|nil|undefined|true|false|redacted|filtered|hidden|secret|changeme|change[_-]me|placeholder)$/i.test(
      value,
    );
  return value !== '' && !isMasked && !isFilledIn && !isWord;
}

/**
 * Whether a text could have come from a generator: at least 12 characters, letters and digits, and 3 bits a character by Shannon's
 * entropy of its own characters; English words with a digit behind them, dates and paths are below that or have another form.
 */
function looksRandom(value: string): boolean {
  if (value.length < 12 || !/\d/.test(value) || !/[a-z]/i.test(value)) return false;
  const isPath = /^(?:[\w.-]*\/){2,}[\w.-]*$/.test(value) && !/\d.*\d.*\d/.test(value);
  const isTime = /^\d{4}-\d{2}-\d{2}[T ]/.test(value);
  return !isPath && !isTime && !/\s/.test(value) && bitsPerCharacter(value) >= 3;
}

/** Shannon's entropy of a text's own characters. */
export function bitsPerCharacter(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** Whether a setting is a secret that is written down: under a name such as `DB_PASSWORD` anything but a variable, else a token or a URL with a password. */
export function isPlainSecret(name: string, value: unknown): boolean {
  if (typeof value !== 'string' && typeof value !== 'number') return false;
  const text = String(value).slice(0, 10_000);
  // camelCase has its words' ends where a capital letter is.
  const words = name.slice(0, 200).replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2');
  if (secretName.test(words) && !openName.test(words.replace(secretName, '_'))) return isPlain(text);
  return secretsIn(text).length > 0;
}

const isPlain = (text: string): boolean =>
  text.trim() !== '' && !/^(?:true|false|\$[{(\w].*|\{\{.*|<[^<>]*>)$/.test(text);
