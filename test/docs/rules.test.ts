import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { rules } from '../../gym/index.ts';

it('docs/rules.md lists the rules that there are', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/rules.md'), 'utf8');
  const listed = [...page.matchAll(/^\| `([\w.]+)(\(…\))?` \|/gm)].map(([, name = '', called]) => [
    name,
    called !== undefined,
  ]);
  const exported = Object.entries(rules).flatMap(([name, given]): [string, { readonly name: string }][] =>
    typeof given === 'function'
      ? [[name, given]]
      : Object.entries(given).map(([key, rule]) => [`${name}.${key}`, rule]),
  );
  // A rule bears the name that it is exported by; the function that makes one has a name of its own, or none in a namespace.
  const isMaker = (name: string, given: { readonly name: string }): boolean =>
    given.name !== name || !name.includes('.');
  expect(listed.toSorted()).toEqual(exported.map(([name, given]) => [name, isMaker(name, given)]).toSorted());
});
