// `GET /` gives the guests, `POST /` with a name adds one.
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import mysql from 'mysql2/promise';

const db = mysql.createPool(process.env.DATABASE_URL);

createServer(async (request, response) => {
  if (request.method === 'POST') await db.query('INSERT INTO entries (guest) VALUES (?)', [await text(request)]);
  const [entries] = await db.query('SELECT guest FROM entries ORDER BY id');
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(entries.map(({ guest }) => guest)));
}).listen(3000);
