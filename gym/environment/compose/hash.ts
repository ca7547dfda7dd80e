import { sha256 } from '../../store/sha256.ts';
import type { ComposeModel, ServiceModel } from './model.ts';

/** Changes with whatever the files come to: variables, `.env`, files of variables, profiles. Notes and places are no part of it. */
export function modelHash({ notes: _, file: __, files: ___, services, ...rest }: ComposeModel): string {
  const text = plainText({ ...rest, services: [...services.values()].map(placeless) });
  return sha256(text);
}

/** What one service comes to, as text; where it is written is no part of it. */
export const serviceText = (service: ServiceModel): string => plainText(placeless(service));

/** A part of a model as text. */
export function plainText(part: unknown): string {
  return JSON.stringify(part, (_, value: unknown) => (value instanceof Map ? [...value] : value));
}

function placeless({ file: _, line: __, dependsOn, ...service }: ServiceModel): object {
  return { ...service, dependsOn: dependsOn.map((each) => [each.service, each.condition, each.required]) };
}
