// Products are rows of Postgres; how often each was looked at is counted in Redis.
import { createServer } from 'node:http';
import pg from 'pg';
import { createClient } from 'redis';

const db = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const cache = await createClient({ url: process.env.REDIS_URL }).connect();
await db.query('SELECT 1');

const routes = {
  'GET /health': async () => ({ ok: true }),
  'GET /products': async () => (await db.query('SELECT * FROM products ORDER BY id')).rows,
  'GET /products/:id': async (id) => {
    const { rows } = await db.query('SELECT * FROM products WHERE id = $1', [id]);
    return rows[0] && { ...rows[0], views: await cache.incr(`views:${id}`) };
  },
  'DELETE /products/:id': async (id) => ({
    deleted: (await db.query('DELETE FROM products WHERE id = $1', [id])).rowCount,
  }),
};

createServer(async (request, response) => {
  const [, path = '/', id] = /^(\/\w*)(?:\/(\d+))?$/.exec(request.url) ?? [];
  const route = routes[`${request.method} ${path}${id ? '/:id' : ''}`];
  const answer = await route?.(id);
  response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer ?? { error: 'not found' }));
}).listen(8080);
