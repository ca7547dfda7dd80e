import { createHash, randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { lineLimit } from '../../../../gym/judge/log-lines.ts';
import { noPersonalData, noSecrets } from '../../../../invariants/rules/rules.ts';

const place = { file: 'app.log', line: 7 };
const messages = (rule: ReturnType<typeof noPersonalData>, value: unknown) =>
  rule({ value, place }, [])?.map(({ message }) => message.replace(/ at column \d+$/, ''));
const personal = (value: unknown) => messages(noPersonalData(), value);
const secret = (value: unknown) => messages(noSecrets(), value);

/** Lines as services write them, in which nothing is personal or secret. */
const ordinary = [
  '2026-11-20T08:40:22.123456+02:00 INFO started in 1523 ms, pid 4711',
  '2026-11-20 08:40:22,123 [main] INFO com.acme.Foo@7a81197d - ready',
  '1763628022.123456 1763628022123 1763628022123456 1763628022123456789',
  '127.0.0.1 - - [20/Nov/2026:08:40:22 +0000] "GET /healthz HTTP/1.1" 200 2 "-" "curl/8.11.0"',
  '::ffff:172.18.0.3 - "GET /items/123-456-7890123 HTTP/1.1" 404 153',
  `request ${'3f2b8f0a-1c4d-4e5f-8a9b-0c1d2e3f4a5b'} took 12.5ms`,
  'span=4111111111111112 trace=00f067aa0ba902b7 parent=4bf92f3577b34da6a3ce929d0e0e4736',
  'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 pulled',
  'commit 9fceb02d0ae598e95dc970b74767f19372d61af8 by CI',
  'installing react@19.3.1, @types/node@24.19.2, left-pad@1.2.3-beta.rc and actions/checkout@v4.2.1',
  'git@github.com:acme/shop.git cloned; ssh uses chacha20-poly1305@openssh.com',
  'postgres://app@db.example.internal:5432/shop connected; redis://cache.example.com:6379/0',
  'user@1000.service started, getty@tty1.service stopped, celery@worker1.local ready',
  'onclick@app.js:12:34 at handler@https://cdn.example.com/app.js:1:2, logo@2x.png loaded',
  'received +15728640 bytes, +1234567890 ns drift, -12, +0000, 1+1=2, diff +2026-11-20',
  'total 4,294,967,296 of 18446744073709551615 in 10.0.12.34:5432, 192.168.100.200',
  'order 20261120084022 shipped, invoice 2026-000123, ISBN 978-3-16-148410-0',
  'telemetry: 1234567890123, hotel: 12345, fax_pages=12, mobile=1234567, phone_count: 123456789',
  'token_count=123456789012 tokens: 15 next_page_token=CAUQAA1b2c3d4e5f6g7h csrf_token=1b2c3d4e5f6g7h8i9j0k',
  'password: ******** secret=[REDACTED] api_key=${API_KEY} token: <token> password=changeme',
  'the password is wrong; key: user:42:profile; secret: none; token: expired at 10:15',
  'password_hash updated, token expires 2026-11-20T08:40:22Z, secretName: my-app-credentials',
  'keyboard=qwertz-2026-layout-de monkey=abc123def456ghi789',
  'GET /oauth/authorize?client_id=web&response_type=code&state=login HTTP/1.1',
  'SELECT * FROM users WHERE email = $1 AND phone = $2',
  'http://user:${PASSWORD}@proxy:3128 https://example.com/a:b@c mailto:',
  'IBAN format DE00 0000 0000 0000 0000 00, BIC COBADEFFXXX, DE12 days',
  '{"level":30,"time":1763628022123,"pid":1,"hostname":"a1b2c3d4e5f6","reqId":"req-1","msg":"done"}',
  'no-reply@example.com sent a mail; root@example.com; robot@shop.iam.gserviceaccount.com',
  'price 4111.1111111111111111 at offset 0.4111111111111111, id x4111111111111111y',
];

test.each(ordinary)('nothing in: %s', (line) => {
  expect([personal(line), secret(line)]).toEqual([[], []]);
});

describe('personal data', () => {
  test.each([
    ['login of ada.lovelace+shop@mail.example.co.uk.', 'an e-mail address'],
    ['GET /reset?email=ada%40example.com&x=1', 'an e-mail address'],
    ['{"user":"Ada@Example.ORG"}', 'an e-mail address'],
    ['jörg@müller.de signed in', 'an e-mail address'],
    ['<a_b-c@x-y.travel>', 'an e-mail address'],
    ['mailto:ada@example.com', 'an e-mail address'],
    ['call +49 170 1234567 now', 'a phone number'],
    ['msisdn=+491701234567', 'a phone number'],
    ['tel:+1-415-555-2671', 'a phone number'],
    ['+44 (0)20 7946 0958', 'a phone number'],
    ['(415) 555-2671', 'a phone number'],
    ['call 415-555-2671.', 'a phone number'],
    ['"phone": "0170/1234567"', 'a phone number'],
    ['phoneNumber=4155552671', 'a phone number'],
    ['card 4111 1111 1111 1111 12/27', 'a payment card number'],
    ['card=5555555555554444', 'a payment card number'],
    ['"pan":"3782-822463-10005"', 'a payment card number'],
    ['6011000990139424', 'a payment card number'],
    ['paid from DE89370400440532013000', 'an IBAN'],
    ['paid from GB82 WEST 1234 5698 7654 32, thanks', 'an IBAN'],
    ['NO93 8601 1117 947 EUR', 'an IBAN'],
  ])('%s: %s', (line, what) => {
    expect(personal(line)).toEqual([`holds ${what}`]);
  });

  test('one digit off is no card and no IBAN', () => {
    expect(personal('4111 1111 1111 1112, DE89370400440532013001, 0000000000000000, 4000000000000000')).toEqual([]);
  });

  test('several in a line, each once, with its column', () => {
    const found = noPersonalData()({ value: 'phone: +1 415-555-2671, a@b.de', place }, []);
    expect(found).toEqual([
      { message: 'holds a phone number at column 8' },
      { message: 'holds an e-mail address at column 25' },
    ]);
  });

  test('what is excepted', () => {
    const rule = noPersonalData({ except: [/@example\.com$/g] });
    expect(messages(rule, 'a@example.com b@example.com c@example.org')).toEqual(['holds an e-mail address']);
  });

  test('in a text of several lines, and in a parsed document by its key', () => {
    const rule = noPersonalData();
    expect(rule({ value: 'x\ny a@b.de\n', place: { file: 'f' } }, [])).toEqual([
      { message: 'holds an e-mail address at column 3', line: 2 },
    ]);
    const value = {
      users: [
        { mail: 'a@b.de', phone: 4155552671, age: 5 },
        { 'c@d.de': true, e: 'f@g.de' },
      ],
    };
    expect(rule({ value, place }, [])).toEqual([
      { message: 'holds an e-mail address', path: ['users', 0, 'mail'] },
      { message: 'holds a phone number', path: ['users', 0, 'phone'] },
      { message: 'holds an e-mail address', path: ['users', 1, 'e'] },
    ]);
    expect(rule({ value: { a: null, b: [] }, place }, [])).toBeNull();
  });

  test('not one in a hundred thousand UUIDs, hashes, times and counters is taken for any', () => {
    const found: string[] = [];
    for (let index = 0; index < 20_000; index += 1) {
      const hash = createHash('sha256').update(String(index)).digest('hex');
      const time = 1_763_628_022_123 + index * 7919;
      const line = `${new Date(time).toISOString()} ${time}${String(index).padStart(6, '0')} id=${hash} ${index * 1_000_003} v1.${index}.2`;
      if (personal(line)?.length !== 0 || secret(line)?.length !== 0) found.push(line);
    }
    for (let index = 0; index < 2000; index += 1) {
      const uuid = randomUUID();
      if (personal(`req ${uuid}`)?.length !== 0) found.push(uuid);
    }
    expect(found).toEqual([]);
  });
});

// Put together here, so that no scanner of secrets finds this file.
const join = (...parts: string[]) => parts.join('');
const letters = 'aB3dE5gH7jK9mN1pQ4sT6vW8yZ2bC5eF7hJ9kL1n';

describe('secrets', () => {
  test.each([
    [join('-----BEGIN RSA ', 'PRIVATE KEY-----'), 'a private key'],
    [join('-----BEGIN ', 'PRIVATE KEY-----'), 'a private key'],
    [`key ${join('AKIA', 'IOSFODNN7EXAMPLE')}`, 'an AWS access key'],
    [`token ${join('gh', 'p_', letters.slice(0, 36))}`, 'a GitHub token'],
    [join('glpat-', letters.slice(0, 20)), 'a GitLab token'],
    [join('xoxb-', '123456789012-', letters.slice(0, 24)), 'a Slack token'],
    [join('sk_', 'live_', letters.slice(0, 24)), 'a Stripe key'],
    [join('AIza', letters.slice(0, 35)), 'a Google API key'],
    [join('npm', '_', letters.slice(0, 36)), 'an npm token'],
    [join('sk-', 'ant-api03-', letters), 'a key of an AI service'],
    [join('eyJ', 'hbGciOiJIUzI1NiJ9.', 'eyJ', 'zdWIiOiIxMjM0NTY3ODkwIn0.', letters), 'a JWT'],
    ['connected to postgres://app:hunter2@db:5432/shop', 'a URL with a password'],
    [`Authorization: Bearer ${letters}`, 'credentials of a request'],
    ['{"authorization":"Basic YWRhOmh1bnRlcjI="}', 'credentials of a request'],
    [`password=${letters.slice(0, 16)}`, 'a secret beside its name'],
    [`{"clientSecret": "${letters.slice(0, 20)}"}`, 'a secret beside its name'],
    [`API_KEY: '${letters.slice(0, 20)}'`, 'a secret beside its name'],
    [`token=${'3f2b8f0a-1c4d-4e5f-8a9b-0c1d2e3f4a5b'}`, 'a secret beside its name'],
  ])('%s: %s', (line, what) => {
    expect(secret(line)).toEqual([`holds ${what}`]);
  });

  test('of a parsed document by its key, and not told in the message', () => {
    const found = noSecrets()({ value: { db: { password: letters.slice(0, 16), user: 'app' } }, place }, []);
    expect(found).toEqual([{ message: 'holds a secret beside its name', path: ['db', 'password'] }]);
  });
});

describe('a line as long as it can be takes less than a second of the processor', () => {
  const full = (unit: string) => unit.repeat(Math.ceil(lineLimit / unit.length)).slice(0, lineLimit);
  const hostile = [
    ...[
      'a',
      '@',
      'a@',
      'a@b.',
      '%40',
      'a.',
      '1',
      '1 ',
      '1-',
      '+1',
      '+1 ',
      '(415) ',
      '4111 ',
      '4-',
      'DE',
      'DE89 ',
      'A1 ',
      'phone:',
      'phone: 1 ',
      ' ',
    ],
    ...[
      'password=',
      'secret:"',
      'token = ',
      'eyJ',
      'eyJaaaaaaaa.',
      '-eyJ',
      'xoxb-1-',
      '://:',
      'a://b:',
      'a://',
      'authorization: bearer ',
      'BEGIN A B ',
    ],
    ...['-----BEGIN AA ', 'sk-', 'pypi-AgE', 'key="', "key='a", 'AKIA', '\u0000', 'é', '"'],
  ];
  test.each(hostile)('%j', (unit) => {
    for (const value of [full(unit), `${full(unit).slice(0, -1)}!`, `phone: 1${full(unit)}@`]) {
      const before = process.cpuUsage().user;
      personal(value);
      secret(value);
      expect((process.cpuUsage().user - before) / 1000).toBeLessThan(1000);
    }
  });
});
