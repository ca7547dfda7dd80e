import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  cacheKey,
  keptFileOf,
  newestRecords,
  readCache,
  readKept,
  readParts,
  writeCache,
  writeParts,
} from '../../../gym/store/cache.ts';
import { openStore } from '../../../gym/store/store.ts';
import { temporaryFolder } from '../../support/repository.ts';

const inputs = fc.dictionary(fc.string({ minLength: 1 }), fc.string(), { minKeys: 1, maxKeys: 12 });
const recordOf = (of: Record<string, string>) => ({
  ...{ schema: 'gym.cache/1' as const, step: 'unit', inputs: of, failed: null },
  passed: { run: 'a', kept: {}, files: [] },
});

test('a key changes with any value, any new name, any name that is gone, and the step; the order says nothing', () => {
  fc.assert(
    fc.property(inputs, fc.nat(), fc.string({ minLength: 1 }), (of, index, other) => {
      const key = cacheKey('unit', of);
      const names = Object.keys(of);
      const name = names[index % names.length] ?? '';
      expect(cacheKey('unit', Object.fromEntries(Object.entries(of).reverse()))).toBe(key);
      expect(cacheKey('unit', { ...of, [name]: `${of[name]}${other}` })).not.toBe(key);
      expect(cacheKey('unit', { ...of, [`${names.join('')}${other}`]: '' })).not.toBe(key);
      const { [name]: _, ...fewer } = of;
      expect(cacheKey('unit', fewer)).not.toBe(key);
      expect(cacheKey('e2e', of)).not.toBe(key);
    }),
  );
});

test('a record is found by its key, and one that anybody wrote into is damaged', () => {
  using folder = temporaryFolder();
  const store = openStore(folder.path);
  const key = cacheKey('unit', { a: '1' });
  expect(readCache(store, 'tiny', key)).toBe('nothing');
  writeCache(store, 'tiny', recordOf({ a: '1' }));
  expect(readCache(store, 'tiny', key)).toEqual({ record: recordOf({ a: '1' }) });
  const file = join(folder.path, '.gym/cache/tiny', `${key}.json`);
  const text = readFileSync(file, 'utf8');
  for (const damaged of [text.slice(0, -9), text.replace('"run":"a"', '"run":"b"'), '', '{}']) {
    writeFileSync(file, damaged);
    expect(readCache(store, 'tiny', key), damaged.slice(0, 30)).toBe('damaged');
  }
  // Whole and under another key: it does not stand for it.
  const other = cacheKey('unit', { a: '2' });
  writeFileSync(join(folder.path, '.gym/cache/tiny', `${other}.json`), text);
  expect(readCache(store, 'tiny', other)).toBe('damaged');
  expect(newestRecords(store, 'tiny', 'unit')).toEqual([]);
});

test('what a kill left beside the records is none, and no more than 200 are kept', () => {
  using folder = temporaryFolder();
  const store = openStore(folder.path);
  for (let index = 0; index < 203; index += 1) writeCache(store, 'tiny', recordOf({ a: String(index) }));
  writeFileSync(join(folder.path, '.gym/cache/tiny/x.json.1.tmp'), 'half');
  expect(readdirSync(join(folder.path, '.gym/cache/tiny')).filter((name) => name.endsWith('.json'))).toHaveLength(200);
  expect(newestRecords(store, 'tiny', 'unit')).toHaveLength(200);
});

test('parts are kept as they were written, beside the records; few lists, and none that is too long', () => {
  using folder = temporaryFolder();
  const store = openStore(folder.path);
  for (let index = 0; index < 53; index += 1) writeParts(store, 'tiny', `hash${index}`, { 'src/a.ts': String(index) });
  expect(readParts(store, 'tiny', 'hash52')).toEqual({ 'src/a.ts': '52' });
  expect(newestRecords(store, 'tiny', 'unit')).toEqual([]);
  const lists = join(folder.path, '.gym/cache/tiny/parts');
  expect(readdirSync(lists)).toHaveLength(50);
  const file = join(lists, 'hash52.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('src/a.ts', 'src/b.ts'));
  expect(readParts(store, 'tiny', 'hash52')).toBeUndefined();
  const many = Object.fromEntries(Array.from({ length: 5001 }, (_, index) => [`src/${index}.ts`, 'x']));
  writeParts(store, 'tiny', 'many', many);
  expect(readParts(store, 'tiny', 'many')).toBeUndefined();
});

test('of a log that has grown since, only what was judged counts', () => {
  using folder = temporaryFolder();
  folder.write('logs/box.log', 'hello\n');
  const kept = keptFileOf(folder.path, 'logs/box.log');
  folder.write('logs/box.log', 'hello\nstopping\n');
  expect(Buffer.from(readKept(folder.path, kept) ?? '').toString()).toBe('hello\n');
  folder.write('logs/box.log', 'Hello\n');
  expect(readKept(folder.path, kept)).toBeUndefined();
});
