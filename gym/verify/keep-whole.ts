import { readFileSync } from 'node:fs';
import { filesRead } from '../environment/compose/files.ts';
import type { Verdict } from '../judge/verdict.ts';
import { cacheKey, readCache } from '../store/cache.ts';
import { importsOf, isTransparent } from '../task/modules.ts';
import type { Findings } from './findings.ts';
import { keepWhole } from './known.ts';
import type { VerifyRequest } from './request.ts';

/** Keeps a run as known as a whole, where each of its steps is. */
export function keepIfWhole(
  { whole, task, store, part }: VerifyRequest,
  { plan, problems }: Findings,
  { verdict, directory }: { readonly verdict: Verdict; readonly directory: string },
): void {
  const isKnown = part === undefined && verdict.workspace.unguarded === undefined;
  if (whole === undefined || !isKnown || plan?.environment.ok !== true || problems.length > 0) return;
  const keys: [string, string][] = [];
  for (const { step, inputs } of plan.steps) {
    if (step.uncached !== undefined || !inputs.ok) return;
    const key = cacheKey(step.name, inputs.value);
    const found = readCache(store, task.name, key);
    // One that is flaky runs each time.
    if (typeof found !== 'object' || found.record.failed !== null) return;
    for (const { name } of step.stages) keys.push([name, key]);
  }
  const names = whole.variables();
  const { images, outside, inputs } = plan.environment.value;
  if (names === 'all' || Object.keys(outside).length > 0 || !isTransparent(task.file)) return;
  const modules = importsOf(task.file).map((file): [string, Uint8Array] => [file, readFileSync(file)]);
  const read = [...filesRead()].filter(([file]) => !file.startsWith(`${directory}/`));
  const files = new Map<string, string | Uint8Array | undefined>([...read, ...modules]);
  const engine = inputs['Docker engine'] ?? '';
  const seen = {
    task,
    keys: Object.fromEntries(keys),
    contents: plan.contents,
    images,
    engine,
    variables: names,
    files,
  };
  keepWhole(whole, verdict, seen);
}
