import { describe, expect, onTestFinished, test } from 'vitest';
import { lineLimit } from '../../../gym/judge/log-lines.ts';
import type { Judgement } from '../../../gym/task/judgement.ts';
import { log } from '../../../invariants/log.ts';
import { temporaryFolder } from '../../support/repository.ts';
import { evidenceOf, judged } from '../judge/samples.ts';

type Spec = Extract<Parameters<typeof log>[0], { line: unknown }>;
const active = { fields: { msg: 'active', compression: 'zstd', channels: ['local', 'tcp'] } };
const activeLine = JSON.stringify({ at: 1, ...active.fields, more: { deep: [null] } });

/** Judges logs by service: their content, or null for a file that is not there. */
function judgeLogs(
  line: Spec['line'],
  expected: Spec['expect'],
  logs: Readonly<Record<string, string | null>>,
): Judgement & { folder: string } {
  const folder = temporaryFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  const invariant = log({ name: 'l', services: Object.keys(logs), line, expect: expected });
  const files = Object.entries(logs).map(([service, content]) => {
    if (content !== null) folder.write(`${service}.log`, content);
    return { service, file: `${folder.path}/${service}.log` };
  });
  return { ...judged(invariant, evidenceOf({}, files)), folder: folder.path };
}

describe('one log', () => {
  const pattern = (text: string) => ({ pattern: text });
  const long = 'x'.repeat(lineLimit - 10);
  test.each<[string, Spec['line'], Spec['expect'], string | null, string]>([
    ['present', active, 'present', `hello\n${activeLine}\n`, 'pass'],
    ['no line break at the end', active, 'present', `hello\n${activeLine}`, 'pass'],
    ['lines of a terminal', pattern('done$'), 'present', 'all done\r\n', 'pass'],
    ['absent in lines of a terminal', pattern('error$'), 'absent', 'an error\r\n', 'fail'],
    ['an indented JSON line', active, 'present', `  ${activeLine}\n`, 'pass'],
    ['not present', active, 'present', 'hello\n', 'fail'],
    ['not present, nothing logged', active, 'present', '', 'fail'],
    ['absent', active, 'absent', 'hello\n', 'pass'],
    ['absent, nothing logged', active, 'absent', '', 'vacuous'],
    ['none as a range, nothing logged', active, { atLeast: 0, atMost: 0 }, '', 'vacuous'],
    ['no file', active, 'present', null, 'unknown'],
    ['no file, absent', active, 'absent', null, 'unknown'],
    ['in the range', pattern('a'), { atLeast: 1, atMost: 2 }, 'a\na\nb\n', 'pass'],
    ['below the range', pattern('a'), { atLeast: 3, atMost: 4 }, 'a\na\nb\n', 'fail'],
    ['above the range', pattern('a'), { atLeast: 0, atMost: 1 }, 'a\na\nb\n', 'fail'],
    ['other order of an array', active, 'present', activeLine.replace('"local","tcp"', '"tcp","local"'), 'fail'],
    ['a JSON array', active, 'present', `[${activeLine}]\n`, 'fail'],
    ['half a JSON line', active, 'present', activeLine.slice(0, -1), 'fail'],
    ['the prototype is no field', { fields: { constructor: 'Object' } }, 'present', '{}\n', 'fail'],
    ['null is not missing', { fields: { a: null } }, 'present', '{"b":1}\n', 'fail'],
    ['null', { fields: { a: null } }, 'present', '{"a":null}\n', 'pass'],
    ['text over two chunks', pattern('^x+é$'), 'present', `${'x'.repeat(64 * 1024 - 1)}é\n`, 'pass'],
    ['as long as a line can be', pattern('end$'), 'present', `${long}end\n`, 'pass'],
    ['a forbidden word beyond that', pattern('secret'), 'absent', `${long}${long}secret\n`, 'unknown'],
    ['a wanted word beyond that', pattern('secret'), 'present', `${long}${long}secret\n`, 'unknown'],
    ['a forbidden word in front of that', pattern('secret'), 'absent', `secret${long}${long}\n`, 'fail'],
    ['a huge line that does not matter', pattern('ok'), 'present', `${long}${long}\nok\n`, 'pass'],
  ])('%s', (_, line, expected, content, state) => {
    expect(judgeLogs(line, expected, { w: content }).state).toBe(state);
  });

  test('binary junk is no match and no crash', () => {
    const junk = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7) % 256)).toString('latin1');
    expect(judgeLogs(active, 'present', { w: `${junk}\n{${junk}}\n${activeLine}\n` }).state).toBe('pass');
    expect(judgeLogs(active, 'absent', { w: `{${junk}}\n` }).state).toBe('pass');
  });
});

describe('a failure', () => {
  test('explains the line that came nearest, with its number', () => {
    const near = JSON.stringify({ ...active.fields, compression: 'none' });
    const { because, evidence, folder } = judgeLogs(active, 'present', { w: `hello\n{"msg":"other"}\n${near}\n` });
    expect(because).toBe('w logged it 0 times; compression is "none", not "zstd"');
    expect(evidence).toEqual([{ what: 'log of w', place: { file: `${folder}/w.log`, line: 3 } }]);
  });
  test('says that a field is missing', () => {
    const { because } = judgeLogs(active, 'present', { w: '{"msg":"active","compression":"zstd"}\n' });
    expect(because).toBe('w logged it 0 times; channels is missing, not ["local","tcp"]');
  });
  test('does not repeat a value without end', () => {
    const near = JSON.stringify({ ...active.fields, compression: 'z'.repeat(50_000) });
    expect(judgeLogs(active, 'present', { w: near }).because.length).toBeLessThan(300);
  });
  test('shows the first line that should not be there', () => {
    const { evidence, margin } = judgeLogs({ pattern: 'error' }, 'absent', { w: 'a\nerror 1\nb\nerror 2\n' });
    expect([evidence[0]?.place.line, margin]).toEqual([2, -2]);
  });
});

describe('several logs: the worst decides', () => {
  test.each<[string, Spec['expect'], Record<string, string | null>, string]>([
    ['each has it', 'present', { a: activeLine, b: activeLine }, 'pass'],
    ['one lacks it', 'present', { a: activeLine, b: 'hello' }, 'fail'],
    ['one is silent, one has what is forbidden', 'absent', { a: '', b: activeLine }, 'fail'],
    ['one has no file, one has what is forbidden', 'absent', { a: null, b: activeLine }, 'fail'],
    ['one has no file', 'absent', { a: null, b: 'hello' }, 'unknown'],
    ['one has no file, one is silent', 'absent', { a: null, b: '' }, 'vacuous'],
  ])('%s', (_, expected, logs, state) => {
    expect(judgeLogs(active, expected, logs).state).toBe(state);
  });
  test('the distance is the share of them', () => {
    const judgement = judgeLogs(active, 'present', { a: activeLine, b: 'x', c: 'x', d: activeLine });
    expect(judgement).toMatchObject({ distance: 0.5, margin: -1 });
    expect(judgement.parts.map(({ part, off }) => `${part} ${off}`)).toEqual(['a 0', 'b -1', 'c -1', 'd 0']);
  });
});

describe('in order', () => {
  const spec = { name: 'l', services: ['w'], inOrder: [{ pattern: 'start' }, active, { pattern: 'stop' }] };
  const judgeOrder = (content: string, more: { cutShort?: string } = {}) => {
    const folder = temporaryFolder();
    onTestFinished(() => folder[Symbol.dispose]());
    folder.write('w.log', content);
    const evidence = { ...evidenceOf({}, [{ service: 'w', file: `${folder.path}/w.log` }]), ...more };
    return { ...judged(log(spec), evidence), folder: folder.path };
  };
  const long = 'x'.repeat(lineLimit + 10);

  test.each<[string, string, string]>([
    ['as asked', `start\n${activeLine}\nstop\n`, 'pass'],
    ['with others between', `a\nstart\nstop\nb\n${activeLine}\nc\nstart\nstop`, 'pass'],
    ['two the wrong way round', `start\nstop\n${activeLine}\n`, 'fail'],
    ['one missing', 'start\nstop\n', 'fail'],
    ['none', 'hello\n', 'fail'],
    ['one line is not two', 'start stop\n', 'fail'],
    ['silence', '', 'vacuous'],
    ['a line that cannot be told', `start\n${long}\n`, 'unknown'],
  ])('%s', (_, content, state) => {
    expect(judgeOrder(content).state).toBe(state);
  });

  test('says which line is missing after which, and where it stands instead', () => {
    const { because, evidence, folder, margin, distance } = judgeOrder(`start\nstop\nhello\n${activeLine}\n`);
    expect(because).toBe(`w: /stop/ does not come after ${JSON.stringify(active.fields)} at line 4; it is at line 2`);
    expect(evidence).toEqual([{ what: 'log of w', place: { file: `${folder}/w.log`, line: 2 } }]);
    expect([margin, distance]).toEqual([-1, 1 / 3]);
    expect(judgeOrder('hello\n').because).toBe('w: /start/ never comes');
    expect(judgeOrder('start\nstop\n').because).toMatch(/ at line 1; it is nowhere$/);
  });

  test('what was cut short might still have come', () => {
    expect(judgeOrder('start\n', { cutShort: 'it was killed' })).toMatchObject({
      state: 'unknown',
      because: 'it was killed',
    });
  });

  test('a definition error: an order of one, or of what is no line', () => {
    expect(() => log({ ...spec, inOrder: [{ pattern: 'a' }] })).toThrow(/an order takes two lines/);
    expect(() => log({ ...spec, inOrder: [{ pattern: '(' }, { pattern: 'a' }] })).toThrow(
      /inOrder\.0\.pattern: not a regular expression/,
    );
  });
});

test('a run that was cut short: a missing line may still have come, one too many stands', () => {
  using folder = temporaryFolder();
  folder.write('w.log', 'hello\nerror\n');
  const evidence = { ...evidenceOf({}, [{ service: 'w', file: `${folder.path}/w.log` }]), cutShort: 'it was killed' };
  const state = (pattern: string, expected: Spec['expect']) =>
    judged(log({ name: 'l', services: ['w'], line: { pattern }, expect: expected }), evidence).state;
  expect([state('ready', 'present'), state('error', 'absent'), state('hello', 'present')]).toEqual([
    'unknown',
    'fail',
    'pass',
  ]);
});

test('a service whose log is unknown or not to be trusted', () => {
  const invariant = log({ name: 'l', services: ['w'], line: { pattern: 'x' }, expect: 'absent' });
  expect(judged(invariant, evidenceOf({})).because).toBe('there is no log of w');
  const problem = 'the daemon lost lines';
  expect(judged(invariant, evidenceOf({}, [{ service: 'w', file: '/nowhere', problem }]))).toMatchObject({
    state: 'unknown',
    because: 'log of w: the daemon lost lines',
  });
});

test.each<[string, Partial<Spec>, RegExp]>([
  ['no regular expression', { line: { pattern: '(' } }, /line\.pattern: not a regular expression/],
  ['no fields', { line: { fields: {} } }, /line\.fields: name at least one field/],
  ['a range that excludes itself', { expect: { atLeast: 2, atMost: 1 } }, /atLeast is above atMost/],
  ['a range below zero', { expect: { atLeast: -1, atMost: 1 } }, /expect/],
  ['no services', { services: [] }, /services/],
])('a definition error: %s', (_, changed, message) => {
  const spec: Spec = { name: 'l', services: ['w'], line: { pattern: 'x' }, expect: 'present' };
  expect(() => log({ ...spec, ...changed })).toThrow(message);
});
