import { InvalidInput } from './errors.ts';
import type { Encoding } from './frame.ts';
import type { WorkerAddress } from './topology.ts';

/** One shuffle, as the driver asks for it; the same for every worker. */
export interface JobSpec {
  /** Tells this shuffle's frames from those of another: 32 bits. */
  readonly job: number;
  /** Rows of the whole input, over all workers. */
  readonly totalRows: number;
  readonly partitions: number;
  /** How the bodies of frames are compressed on the tcp channel. */
  readonly compression: Encoding;
  /** Every n-th transfer over tcp loses its connection once before it is acknowledged; 0 for none. */
  readonly resetEvery: number;
  readonly workers: readonly WorkerAddress[];
}

/** Reads a job that came over HTTP. Throws `InvalidInput` that names the field that is wrong. */
export function parseJob(value: unknown): JobSpec {
  const fields = asRecord(value, 'job');
  const { compression, workers } = fields;
  if (compression !== 'none' && compression !== 'zstd') throw new InvalidInput('compression is neither none nor zstd');
  if (!Array.isArray(workers) || workers.length === 0) throw new InvalidInput('workers is not a list of workers');
  return {
    job: asCount(fields['job'], 'job'),
    totalRows: asCount(fields['totalRows'], 'totalRows'),
    partitions: asCount(fields['partitions'], 'partitions'),
    compression,
    resetEvery: asCount(fields['resetEvery'], 'resetEvery'),
    workers: workers.map((worker: unknown) => {
      const address = asRecord(worker, 'worker');
      return {
        name: asText(address['name'], 'name'),
        host: asText(address['host'], 'host'),
        control: asText(address['control'], 'control'),
        data: asText(address['data'], 'data'),
      };
    }),
  };
}

/** An object's fields. Throws `InvalidInput` that names what is wrong. */
export function asRecord(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new InvalidInput(`${name} is not an object`);
  return { ...value };
}

/** A whole number from 0 up. Throws `InvalidInput` that names what is wrong. */
export function asCount(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new InvalidInput(`${name} is not a whole number`);
  return value;
}

function asText(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '') throw new InvalidInput(`${name} is not a text`);
  return value;
}
