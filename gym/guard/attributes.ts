import { matchesAny } from '../workspace/paths.ts';
import type { Guarded } from './guard.ts';

/** Globs of the baseline's .gitattributes that have an attribute: what an agent writes there has no say. See gitattributes(5). */
export function globsWith({ changes, others }: Pick<Guarded, 'changes' | 'others'>, attribute: RegExp): string[] {
  const change = changes.find(({ path }) => path === '.gitattributes');
  const text = change === undefined ? others.get('.gitattributes') : change.before?.text;
  return (text ?? '').split('\n').flatMap((line) => {
    const [pattern = '', ...attributes] = line.trim().split(/\s+/);
    if (pattern === '' || pattern.startsWith('#') || !attributes.some((each) => attribute.test(each))) return [];
    // A pattern without a slash is one of names.
    return [pattern.includes('/') ? pattern.replace(/^\//, '') : `**/${pattern}`];
  });
}

/** Whether one of the globs is meant for a path. */
export const isMeant = (path: string, globs: readonly string[]): boolean => globs.length > 0 && matchesAny(path, globs);
