import { createHash } from 'node:crypto';
import type { ComposeModel } from './model.ts';

/** Changes with whatever the files come to: variables, `.env`, files of variables, profiles. Notes and places are no part of it. */
export function modelHash({ notes: _, file: __, files: ___, services, ...rest }: ComposeModel): string {
  const placeless = [...services.values()].map(({ file: _, line: __, dependsOn, ...service }) => ({
    ...service,
    dependsOn: dependsOn.map((each) => [each.service, each.condition, each.required]),
  }));
  const text = JSON.stringify({ ...rest, services: placeless }, (_, value: unknown) =>
    value instanceof Map ? [...value] : value,
  );
  return createHash('sha256').update(text).digest('hex');
}
