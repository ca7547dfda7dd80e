import { ok, type Result } from '../events/problem.ts';
import type { RedisSource } from '../task/source/asked.ts';
import { beginDifference } from './difference.ts';
import type { BeginSource, EvidencePlace, ReadSource } from './reader.ts';
import { notAnswered } from './rows.ts';
import { take } from './take.ts';
import { openWay } from './way.ts';

/** What Redis answers to some commands, as one document. */
export const beginRedis: BeginSource<'redis'> = async (source, place) => {
  const { service, counters } = source;
  const read: ReadSource = async () => {
    const replies = await ask(place, source);
    return replies.ok ? take([{ value: replies.value, place: { service } }], source.parse, place.nonce) : replies;
  };
  return counters.length === 0 ? read : beginDifference(read, ({ metric }) => counters.includes(metric));
};

const connectLimitMs = 10_000;

async function ask(place: EvidencePlace, source: RedisSource): Promise<Result<Record<string, unknown>>> {
  const { service, port, user, password, database, commands, timeoutSeconds } = source;
  const forward = await openWay(place, service, port);
  if (!forward.ok) return forward;
  await using way = forward.value;
  const { createClient, RESP_TYPES: types } = await import('@redis/client');
  const client = createClient({
    socket: { host: '127.0.0.1', port: way.port, connectTimeout: connectLimitMs, reconnectStrategy: false },
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    database,
    RESP: 2,
    disableClientInfo: true,
  });
  // Told by the command that is under way.
  client.on('error', () => undefined);
  // Texts as bytes and numbers as texts: so they can be told from each other, and no number is rounded.
  const typeMapping = {
    [types.NUMBER]: String,
    [types.BLOB_STRING]: Buffer,
    [types.SIMPLE_STRING]: Buffer,
  } as const;
  const limit = setTimeout(() => client.destroy(), timeoutSeconds * 1000 + connectLimitMs);
  const send = async (command: readonly string[]): Promise<unknown> =>
    plainReply(await client.sendCommand<unknown>(command, { typeMapping }));
  try {
    await client.connect();
    const refused = notForReading(Object.values(commands), await send(['COMMAND', 'INFO', ...firstWords(commands)]));
    if (refused !== undefined) throw new Error(`${refused} is no command that only reads`);
    const replies: Record<string, unknown> = {};
    for (const [name, command] of Object.entries(commands)) replies[name] = shaped(command, await send(command));
    return ok(replies);
  } catch (thrown) {
    return notAnswered(`${service} did not answer`, thrown, { password: password ?? '', service });
  } finally {
    clearTimeout(limit);
    if (client.isOpen) client.destroy();
  }
}

const firstWords = (commands: RedisSource['commands']): string[] => [
  ...new Set(Object.values(commands).map(([word = '']) => word.toLowerCase())),
];

/** Bytes are texts, and texts were numbers. */
function plainReply(reply: unknown): unknown {
  if (Array.isArray(reply)) return reply.map(plainReply);
  if (Buffer.isBuffer(reply)) return reply.toString('utf8');
  return typeof reply === 'string' && /^-?\d+$/.test(reply) ? BigInt(reply) : reply;
}

/** Commands of the server that change nothing, though it does not call them read-only. */
const harmless = /^(info|ping|time|lastsave|config get|slowlog (get|len)|client (list|info)|latency (latest|history))$/;

/** The first command that could write; the server says of each command what it does. */
export function notForReading(commands: readonly (readonly string[])[], told: unknown): string | undefined {
  const readers = new Set(
    (Array.isArray(told) ? told : []).flatMap((entry: unknown) => {
      if (!Array.isArray(entry)) return [];
      const [name, , flags] = entry;
      return Array.isArray(flags) && flags.includes('readonly') ? [String(name).toLowerCase()] : [];
    }),
  );
  const found = commands.find(([first = '', second = '']) => {
    const word = first.toLowerCase();
    return !(readers.has(word) || harmless.test(word) || harmless.test(`${word} ${second.toLowerCase()}`));
  });
  return found?.slice(0, 2).join(' ');
}

/** INFO and what gives pairs become objects. */
export function shaped([first = '', second = '']: readonly string[], reply: unknown): unknown {
  const word = first.toLowerCase();
  if (word === 'info' && typeof reply === 'string') {
    const fields = reply.split('\r\n').filter((line) => line.includes(':') && !line.startsWith('#'));
    return Object.fromEntries(
      fields.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
    );
  }
  const isPairs = word === 'hgetall' || (word === 'config' && second.toLowerCase() === 'get');
  if (!isPairs || !Array.isArray(reply)) return reply;
  const values: readonly unknown[] = reply;
  return Object.fromEntries(
    values.flatMap((name, index) => (index % 2 === 0 ? [[String(name), values[index + 1]]] : [])),
  );
}
