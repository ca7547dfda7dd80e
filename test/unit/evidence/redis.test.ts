import { expect, test } from 'vitest';
import { notForReading, shaped } from '../../../gym/evidence/redis.ts';

/** As COMMAND INFO answers: name, arity, flags, … */
const told = [
  ['get', 2n, ['readonly', 'fast']],
  ['set', -3n, ['write', 'denyoom']],
  ['eval', -3n, ['noscript', 'movablekeys']],
  ['config', -2n, []],
  null,
];

test.each([
  [[['GET', 'a']], undefined],
  [[['get', 'a'], ['INFO'], ['config', 'GET', '*']], undefined],
  [
    [
      ['GET', 'a'],
      ['SET', 'a', '1'],
    ],
    'SET a',
  ],
  [[['CONFIG', 'SET', 'maxmemory', '1']], 'CONFIG SET'],
  [[['EVAL', 'return 1', '0']], 'EVAL return 1'],
  [[['NONE']], 'NONE'],
])('%j is refused for %s', (commands, refused) => {
  expect(notForReading(commands, told)).toBe(refused);
});

test('INFO gives its fields, pairs an object, other replies themselves', () => {
  expect(shaped(['INFO'], '# Clients\r\nconnected_clients:2\r\nos:Linux: a\r\n')).toEqual({
    connected_clients: '2',
    os: 'Linux: a',
  });
  expect(shaped(['HGETALL', 'h'], ['a', '1', 'b', '2'])).toEqual({ a: '1', b: '2' });
  expect(shaped(['LRANGE', 'l'], ['a', 'b'])).toEqual(['a', 'b']);
  expect(shaped(['DBSIZE'], 2n)).toBe(2n);
});
