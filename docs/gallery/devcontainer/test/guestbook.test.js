import assert from 'node:assert/strict';
import test from 'node:test';

const url = 'http://localhost:3000/';

test('who signs is last in the book', async () => {
  const before = await (await fetch(url)).json();
  const after = await (await fetch(url, { method: 'POST', body: 'eve' })).json();
  assert.deepEqual(after, [...before, 'eve']);
});
