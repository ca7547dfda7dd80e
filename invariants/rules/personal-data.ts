import { type Finding, withoutOverlaps } from '../../gym/judge/finding.ts';

/** Personal data in one line of text. Every pattern has bounds, so that the time grows with the length of the line and no faster. */
export function personalDataIn(line: string): readonly Finding[] {
  return withoutOverlaps([...emailsIn(line), ...cardsIn(line), ...ibansIn(line), ...phonesIn(line)]);
}

/** RFC 5321: at most so many octets before the `@`, and after it. */
const localLimit = 64;
const domainLimit = 255;

/** Endings of names that no mail goes to: file names with an `@`, units of systemd, names within a network. */
const noMail = new Set(
  (
    'js mjs cjs jsx ts mts cts tsx html css scss json yaml yml xml svg png jpg jpeg gif webp ico map log gz tgz zip ' +
    'service socket timer target mount slice scope device internal local localdomain localhost lan arpa'
  ).split(' '),
);
/** Addresses of programs; the names of SSH's algorithms look like addresses. */
const ofNobody =
  /^(?:no-?reply|do-?not-?reply|postmaster|mailer-daemon|root|git|nobody)@|@(?:openssh\.com|libssh\.org|.*\.gserviceaccount\.com)$/i;

function emailsIn(line: string): Finding[] {
  const findings: Finding[] = [];
  for (const sign of ['@', '%40']) {
    for (let at = line.indexOf(sign); at >= 0; at = line.indexOf(sign, at + sign.length)) {
      const finding = emailAround(line, at, at + sign.length);
      if (finding !== null) findings.push(finding);
    }
  }
  return findings;
}

/** The address whose `@` is at `at`; its domain begins at `after`. */
function emailAround(line: string, at: number, after: number): Finding | null {
  let from = at;
  while (from > 0 && at - from < localLimit && isLocal(line.charCodeAt(from - 1))) from -= 1;
  while (from < at && /[.%+-]/.test(line.charAt(from))) from += 1;
  let to = after;
  while (to < line.length && to - after < domainLimit && isDomain(line.charCodeAt(to))) to += 1;
  while (to > after && /[.-]/.test(line.charAt(to - 1))) to -= 1;
  const local = line.slice(from, at);
  const domain = line.slice(after, to);
  if (!/[a-z0-9\u00c0-\uffff]$/i.test(local) || !isMailDomain(domain) || ofNobody.test(`${local}@${domain}`))
    return null;
  // What stands before the host of a URL is a user of that host.
  const isUserOfUrl = /:\/\/[^\s/?#"'<>]*$/.test(line.slice(Math.max(0, from - 200), from));
  return isUserOfUrl ? null : { what: 'an e-mail address', from, to };
}

function isMailDomain(domain: string): boolean {
  const labels = domain.split('.');
  const top = labels.at(-1) ?? '';
  return (
    labels.length >= 2 &&
    /^(?:[a-z]{2,24}|xn--[a-z0-9-]{2,59})$/i.test(top) &&
    !noMail.has(top.toLowerCase()) &&
    // A version, as in `package@1.2.3-beta.rc`.
    !/^v?\d+\.\d/.test(domain) &&
    labels.every((label) => /^[a-z0-9\u00c0-\uffff](?:[a-z0-9\u00c0-\uffff-]*[a-z0-9\u00c0-\uffff])?$/i.test(label))
  );
}

const isWord = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || code >= 0xc0;
const isDomain = (code: number): boolean => isWord(code) || code === 45 || code === 46;
const isLocal = (code: number): boolean => isDomain(code) || code === 95 || code === 43 || code === 37;

/** In one block, or in the groups that are printed on cards: 4-4-4-4, 4-6-5, 4-6-4. */
const cardLike = /(?<![\w-]|\d\.)(?:\d{14,16}|\d{4}([ -])\d{4}\1\d{4}\1\d{4}|\d{4}([ -])\d{6}\2\d{4,5})(?![\w-]|\.\d)/g;
/** Prefixes (IIN) and lengths: Visa, Mastercard, American Express, Diners Club, Discover, JCB, UnionPay. */
const cardNetworks =
  /^(?:4\d{15}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d|4[4-9]\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|62\d{14})$/;

function cardsIn(line: string): Finding[] {
  const findings: Finding[] = [];
  for (const { 0: text, index } of line.matchAll(cardLike)) {
    const digits = text.replaceAll(/[ -]/g, '');
    if (cardNetworks.test(digits) && isLuhn(digits) && /[^0]{2}/.test(digits.slice(6))) {
      findings.push({ what: 'a payment card number', from: index, to: index + text.length });
    }
  }
  return findings;
}

/** Luhn's check digit (ISO/IEC 7812-1): from the right, every second digit doubled, its digits added; the sum ends with 0. */
function isLuhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index]);
    const counted = index % 2 === 0 ? digit : digit * 2;
    sum += counted > 9 ? counted - 9 : counted;
  }
  return sum % 10 === 0;
}

/** Length of an IBAN by country, from the SWIFT registry. */
const ibanLengths = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 ' +
    'FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ' +
    'ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ' +
    'ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((each): [string, number] => [each.slice(0, 2), Number(each.slice(2))]),
);

function ibansIn(line: string): Finding[] {
  const findings: Finding[] = [];
  for (const { 0: start, index } of line.matchAll(/(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?= ?[A-Z0-9]{4})/g)) {
    const length = ibanLengths.get(start.slice(0, 2));
    if (length === undefined) continue;
    const written = /^(?:[A-Z0-9] ?){15,33}/.exec(line.slice(index, index + 42))?.[0] ?? '';
    const compact = written.replaceAll(' ', '').slice(0, length);
    const to = index + lengthOf(written, length);
    if (compact.length === length && !/[A-Za-z0-9]/.test(line.charAt(to)) && isMod97(compact)) {
      findings.push({ what: 'an IBAN', from: index, to });
    }
  }
  return findings;
}

/** How many characters of a text hold so many that are no spaces. */
function lengthOf(text: string, count: number): number {
  let found = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] !== ' ') found += 1;
    if (found === count) return index + 1;
  }
  return text.length;
}

/** ISO 7064 MOD 97-10: the first four characters put behind, letters as 10 to 35, the number leaves 1. */
function isMod97(iban: string): boolean {
  let rest = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

/** E.164 with its plus; spaces, hyphens, dots, slashes and parentheses between the digits. */
const international = /(?<![\w+./-])\+[1-9][\d ()./-]{6,20}\d(?!\w)/g;
/** `(415) 555-2671`, `415-555-2671`. */
const northAmerican = /(?<![\w+.-])(?:\([2-9]\d{2}\) ?|[2-9]\d{2}-)[2-9]\d{2}-\d{4}(?![\w-]|\.\d)/g;
const labelled =
  /(?:phone|msisdn|(?<![a-z])(?:tel|fax|mobile))(?:[_ -]?(?:number|no|nr))?["']?\s{0,3}[:=]\s{0,3}["']?(\+?\(?\d[\d ()./-]{5,20}\d)(?!\w)/gi;
/** What follows a difference or an amount: `+1234567890 bytes`. */
const unitAfter = /^(?:[\w%µ]|\.\d|,\d| ?(?:%|µs|[nm]?s|[kKMGT]?i?B|bytes?|ms|ns|rows?|lines?|requests?)\b)/;

function phonesIn(line: string): Finding[] {
  const findings: Finding[] = [];
  const add = (from: number, text: string): void => {
    findings.push({ what: 'a phone number', from, to: from + text.length });
  };
  if (line.includes('+')) {
    for (const { 0: text, index } of line.matchAll(international)) {
      if (isInternational(text) && !unitAfter.test(line.slice(index + text.length, index + text.length + 12)))
        add(index, text);
    }
  }
  for (const { 0: text, index } of line.matchAll(northAmerican)) add(index, text);
  for (const { 0: whole, 1: text = '', index } of line.matchAll(labelled)) {
    const digits = text.replaceAll(/\D/g, '').length;
    if (digits <= 15 && (digits >= 9 || /^[+(0]/.test(text))) add(index + whole.length - text.length, text);
  }
  return findings;
}

function isInternational(text: string): boolean {
  const digits = text.replaceAll(/\D/g, '').length;
  const isDate = /^\+\d{4}-\d{2}-\d{2}/.test(text);
  const isAddress = /^\+\d{1,3}(?:\.\d{1,3}){3}/.test(text);
  // So few digits in one block are a difference rather than a number to call.
  return digits <= 15 && digits >= (/^\+\d+$/.test(text) ? 10 : 8) && !isDate && !isAddress;
}
