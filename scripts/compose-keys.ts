// Writes the tables of keys in docs/environments.md from the table in the code. A test fails where they differ.
import { readFileSync, writeFileSync } from 'node:fs';
import { composeKeys, devcontainerKeys, type KeySupport } from '../gym/environment/compose/keys.ts';

const page = new URL('../docs/environments.md', import.meta.url);

/** The page with its tables as the code has them. */
export function withKeyTables(text: string): string {
  const put = (whole: string, name: string, table: string): string => {
    const [begin, end] = [`<!-- ${name}: written by scripts/compose-keys.ts -->`, `<!-- end of ${name} -->`];
    const from = whole.indexOf(begin);
    const to = whole.indexOf(end);
    if (from < 0 || to < from) throw new Error(`no place for ${name}`);
    return `${whole.slice(0, from)}${begin}\n${table}\n${whole.slice(to)}`;
  };
  return put(put(text, 'compose keys', tableOf(composeKeys)), 'devcontainer keys', tableOf(devcontainerKeys));
}

type Tables = Readonly<Record<string, Readonly<Record<string, KeySupport>>>>;

function tableOf(tables: Tables): string {
  const rows = Object.entries(tables).map(([scope, keys]) => {
    const all = Object.entries(keys);
    const supported = all.flatMap(([key, { is }]) => (is === 'supported' ? [`\`${key}\``] : []));
    const because = (kind: 'ignored' | 'unsupported'): string => {
      const reasons = Map.groupBy(
        all.flatMap(([key, support]) => (support.is === kind ? [{ key, because: support.because }] : [])),
        ({ because: why }) => why,
      );
      return [...reasons].map(([why, of]) => `${of.map(({ key }) => `\`${key}\``).join(', ')}: ${why}`).join('; ');
    };
    return `| \`${scope}\` | ${[supported.join(', '), because('ignored'), because('unsupported')].join(' | ')} |`;
  });
  return ['| where | supported | without effect | refused |', '|---|---|---|---|', ...rows].join('\n');
}

if (import.meta.main) writeFileSync(page, withKeyTables(readFileSync(page, 'utf8')));
