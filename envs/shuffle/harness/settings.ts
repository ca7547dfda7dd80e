import { randomInt } from 'node:crypto';
import { ROW_BYTES } from '../src/columns.ts';
import type { JobSpec } from '../src/job.ts';

/** The job that the environment asks for: the variables and their defaults are in README.md. Throws on a bad one. */
export function jobFromEnvironment(env: NodeJS.ProcessEnv): JobSpec {
  const compression = env['SHUFFLE_COMPRESSION'] ?? 'zstd';
  if (compression !== 'none' && compression !== 'zstd') throw new Error('SHUFFLE_COMPRESSION is neither none nor zstd');
  return {
    job: randomInt(2 ** 32),
    totalRows: Math.floor(whole(env, 'SHUFFLE_BYTES', 268_435_456) / ROW_BYTES),
    partitions: whole(env, 'SHUFFLE_PARTITIONS', 64),
    compression,
    resetEvery: whole(env, 'SHUFFLE_RESET_EVERY', 10),
    workers: (env['SHUFFLE_WORKERS'] ?? 'worker-1=host-a,worker-2=host-a,worker-3=host-b,worker-4=host-b')
      .split(',')
      .map((pair) => {
        const [name = '', host = ''] = pair.split('=');
        return { name, host, control: `${name}.control:7000`, data: `${name}.data:7001` };
      }),
  };
}

function whole(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const value = Number(env[name] ?? fallback);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name} is not a whole number`);
  return value;
}
