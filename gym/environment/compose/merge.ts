import type { Entry, Mapping, Node, Scalar, Sequence, Spot } from './tree.ts';

/** Hears of values that cannot be merged. */
export type Complain = (at: Spot, message: string) => void;

/**
 * How two values of one key become one. `replace`: the later one; `append`: a list of both, a mapping being a list of `name=value`;
 * `dependencies`, `names`: both as mappings; `driver`: options only add up for the same driver.
 */
type Rule = 'replace' | 'append' | 'dependencies' | 'names' | 'build' | 'driver' | 'subnets';

/** What does not follow from the kind of value. Source: compose-go, override/merge.go. */
const rules: Readonly<Record<string, Rule>> = {
  'networks.*.ipam.config': 'subnets',
  'networks.*.labels': 'append',
  'volumes.*.labels': 'append',
  'services.*.annotations': 'append',
  'services.*.build': 'build',
  'services.*.build.args': 'append',
  'services.*.build.additional_contexts': 'append',
  'services.*.build.extra_hosts': 'append',
  'services.*.build.labels': 'append',
  'services.*.build.ssh': 'append',
  'services.*.command': 'replace',
  'services.*.depends_on': 'dependencies',
  'services.*.deploy.labels': 'append',
  'services.*.dns': 'append',
  'services.*.dns_opt': 'append',
  'services.*.dns_search': 'append',
  'services.*.entrypoint': 'replace',
  'services.*.env_file': 'append',
  'services.*.label_file': 'append',
  'services.*.environment': 'append',
  'services.*.extra_hosts': 'append',
  'services.*.healthcheck.test': 'replace',
  'services.*.labels': 'append',
  'services.*.logging': 'driver',
  'services.*.networks': 'names',
  'services.*.sysctls': 'append',
  'services.*.tmpfs': 'append',
  'services.*.ulimits.*': 'replace',
};

function ruleOf(path: readonly string[]): Rule | undefined {
  const at = path.map((key, index) => (index === 1 || (path[2] === 'ulimits' && index === 3) ? '*' : key)).join('.');
  return Object.hasOwn(rules, at) ? rules[at] : undefined;
}

/** Lays a later mapping over an earlier one. `path`: where both stand, from the top of the file. */
export function mergeMappings(base: Mapping, over: Mapping, path: readonly string[], complain: Complain): Mapping {
  const entries = new Map(base.entries);
  for (const [key, { at, value }] of over.entries) {
    const earlier = entries.get(key);
    if (value.tag === 'reset') entries.delete(key);
    else if (earlier === undefined || key.startsWith('x-')) entries.set(key, { at, value: settle(value) });
    else entries.set(key, { at, value: merge(earlier.value, value, [...path, key], complain) });
  }
  return { ...base, entries };
}

/** A tree that nothing is left to be laid under: without what `!reset` drops. */
export function settle<Tree extends Node>(node: Tree): Tree {
  if (node.kind === 'scalar') return node;
  if (node.kind === 'sequence') return { ...node, items: node.items.map(settle) };
  const entries = [...node.entries].flatMap(([key, { at, value }]): [string, Entry][] =>
    value.tag === 'reset' ? [] : [[key, { at, value: settle(value) }]],
  );
  return { ...node, entries: new Map(entries) };
}

function merge(base: Node, over: Node, path: readonly string[], complain: Complain): Node {
  if (over.tag === 'override') return settle(over);
  const rule = ruleOf(path);
  if (rule === 'replace') return settle(over);
  if (isNull(over)) return base;
  if (isNull(base)) return settle(over);
  if (rule === 'append') return { ...over, kind: 'sequence', items: [...toItems(base), ...toItems(over)] };
  if (rule === 'driver' && !sameDriver(base, over)) return settle(over);
  const [left, right] = unified(base, over, rule);
  if (left.kind === 'mapping' && right.kind === 'mapping') return mergeMappings(left, right, path, complain);
  if (left.kind === 'sequence' && right.kind === 'sequence') {
    return rule === 'subnets'
      ? mergeSubnets(left, right, complain)
      : { ...right, items: [...left.items, ...right.items.map(settle)] };
  }
  if (left.kind === right.kind) return over;
  complain(
    over,
    `${path.join('.')}: a ${kindName(right)} cannot be merged with the ${kindName(left)} of an earlier file`,
  );
  return base;
}

function kindName(node: Node): string {
  return { scalar: 'single value', mapping: 'mapping', sequence: 'list' }[node.kind];
}

function isNull(node: Node): boolean {
  return node.kind === 'scalar' && node.type === 'null';
}

/** Both in the form that can be merged. */
function unified(base: Node, over: Node, rule: Rule | undefined): [Node, Node] {
  const form = (node: Node): Node => {
    if (rule === 'build' && node.kind === 'scalar') return mapped(node, [['context', node]]);
    if (node.kind !== 'sequence' || (rule !== 'names' && rule !== 'dependencies')) return node;
    const names = node.items.flatMap((item) => (item.kind === 'scalar' ? [item] : []));
    return mapped(
      node,
      names.map((name) => [name.text, rule === 'names' ? nothing(name) : started(name)]),
    );
  };
  return [form(base), form(over)];
}

const mapped = ({ source, line }: Spot, pairs: readonly (readonly [string, Node])[]): Mapping => ({
  kind: 'mapping',
  entries: new Map(pairs.map(([key, value]) => [key, { at: value, value }])),
  source,
  line,
  tag: null,
});

const nothing = ({ source, line }: Spot): Scalar => ({
  kind: 'scalar',
  text: '',
  type: 'null',
  source,
  line,
  tag: null,
});

function started(name: Scalar): Mapping {
  const word = (text: string, type: Scalar['type']): Scalar => ({ ...name, text, type, tag: null });
  return mapped(name, [
    ['condition', word('service_started', 'string')],
    ['required', word('true', 'boolean')],
  ]);
}

function toItems(node: Node): readonly Node[] {
  if (node.kind === 'sequence') return node.items;
  if (node.kind === 'scalar') return [node];
  const sorted = [...node.entries].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.flatMap(([key, { value }]) => {
    if (value.kind !== 'scalar') return [];
    const text = value.type === 'null' ? key : `${key}=${value.text}`;
    return [{ ...value, text, type: 'string' as const }];
  });
}

function textUnder(node: Node, key: string): string | undefined {
  const value = node.kind === 'mapping' ? node.entries.get(key)?.value : undefined;
  return value?.kind === 'scalar' ? value.text : undefined;
}

function sameDriver(base: Node, over: Node): boolean {
  const [left, right] = [textUnder(base, 'driver'), textUnder(over, 'driver')];
  return left === undefined || right === undefined || left === right;
}

/** Entries of one subnet are one entry. */
function mergeSubnets(base: Sequence, over: Sequence, complain: Complain): Sequence {
  const items = [...base.items];
  for (const item of over.items) {
    const index = items.findIndex((each) => textUnder(each, 'subnet') === textUnder(item, 'subnet'));
    const earlier = items[index];
    if (earlier?.kind === 'mapping' && item.kind === 'mapping') {
      items[index] = mergeMappings(earlier, item, ['networks', '*', 'ipam', 'config', '[]'], complain);
    } else items.push(settle(item));
  }
  return { ...over, items };
}
