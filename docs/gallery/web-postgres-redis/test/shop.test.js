import assert from 'node:assert/strict';
import test from 'node:test';

const get = async (path) => (await fetch(`http://localhost:8080${path}`)).json();

test('the products come from Postgres', async () => {
  const products = await get('/products');
  assert.deepEqual(
    products.map(({ name }) => name),
    ['tea', 'coffee', 'cocoa'],
  );
});

test('views are counted in Redis', async () => {
  const { views } = await get('/products/2');
  assert.equal((await get('/products/2')).views, views + 1);
});
