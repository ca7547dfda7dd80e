import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

const url = 'http://localhost:3000/';

// postStartCommand starts the server and does not wait for it.
before(async () => {
  while (!(await fetch(url).catch(() => null))?.ok) await sleep(50);
});

test('who signs is last in the book', async () => {
  const before = await (await fetch(url)).json();
  const after = await (await fetch(url, { method: 'POST', body: 'eve' })).json();
  assert.deepEqual(after, [...before, 'eve']);
});
