import { ok } from '../events/problem.ts';
import type { Sample } from '../task/measurement.ts';
import { matchesAny } from '../workspace/paths.ts';
import type { BeginSource } from './reader.ts';

const list = ['find', '/volume', '-type', 'f', '-printf', '%s %P\\0'];

/** Sizes of the files in volumes, listed by a helper that has them mounted read-only. */
export const beginFiles: BeginSource<'files'> =
  async ({ volumes, pattern }, { environment }) =>
  async () => {
    const samples: Sample[] = [];
    for (const volume of volumes) {
      const listed = await environment.observe({ kind: 'volume', volume }, list);
      if (!listed.ok) return listed;
      for (const entry of listed.value.split('\0').filter((line) => line !== '')) {
        const space = entry.indexOf(' ');
        const path = entry.slice(space + 1);
        if (!matchesAny(path, [pattern])) continue;
        samples.push({
          metric: 'bytes',
          value: BigInt(entry.slice(0, space)),
          unit: 'bytes',
          labels: { volume, path },
        });
      }
    }
    return ok({ samples });
  };
