import { parse } from 'yaml';
import type { Document } from '../../../../gym/task/measurement.ts';
import type { Rule } from '../../../../invariants/rules/rule.ts';

/** What a rule says of a document in YAML: `path message` each; null where it has nothing to say. */
export function told(rule: Rule, text: string, file = 'f.yaml', others: readonly Document[] = []): string[] | null {
  const value: unknown = parse(text, { merge: true });
  const found = rule({ value, place: { file } }, others);
  return found === null ? null : found.map(({ path = [], message }) => [path.join('.'), message].join(' ').trim());
}
