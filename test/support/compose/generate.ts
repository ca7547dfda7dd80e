import fc from 'fast-check';
import { stringify } from 'yaml';
import { names, service } from './values.ts';

/** Files of an environment that fast-check made up, by their names; those that Compose is given come first. */
export interface Generated {
  readonly files: readonly string[];
  readonly content: Readonly<Record<string, string>>;
}

type Service = Readonly<Record<string, unknown>>;

/** A few keys of a service, so that what is compared stays small. */
const few = fc
  .tuple(service, fc.integer({ min: 1, max: 9 }), fc.infiniteStream(fc.nat()))
  .map(([of, count, numbers]): Service => {
    const chosen = Object.keys(of)
      .map((name) => [numbers.next().value ?? 0, name] as const)
      .sort(([a], [b]) => a - b)
      .slice(0, count)
      .map(([, name]) => name);
    return Object.fromEntries(Object.entries(of).filter(([name]) => chosen.includes(name)));
  });

const resources = {
  networks: {
    front: null,
    back: { driver: 'bridge', labels: ['a=1'] },
    side: { ipam: { config: [{ subnet: '10.9.0.0/24' }] } },
  },
  volumes: { data: null, cache: { labels: { a: 1 } }, logs: { name: 'fixed-${TAG}' } },
  secrets: { pw: { file: './pw.txt' }, token: { environment: 'TAG' } },
  configs: { conf: { content: 'x ${TAG} $$y' } },
};

/** Nobody depends on what comes after it: no circles, and no way to be refused for one. */
function inOrder(index: number, of: Service): Service {
  const earlier: readonly string[] = names.slice(0, index);
  const only = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.filter((name) => earlier.includes(name.split(':')[0]));
    return Object.fromEntries(Object.entries(value ?? {}).filter(([name]) => earlier.includes(name)));
  };
  const { depends_on, links, pid, mem_limit, pids_limit, profiles, ...rest } = of;
  return {
    ...rest,
    // Both forms of a limit in one service are refused, mostly.
    ...(of['deploy'] === undefined && { mem_limit, pids_limit }),
    // The first one is always there.
    ...(index > 0 && { profiles }),
    ...(depends_on !== undefined && { depends_on: only(depends_on) }),
    ...(links !== undefined && { links: only(links) }),
    ...(pid !== undefined && (pid === 'host' || index > 0) && { pid }),
  };
}

const style = fc.record({
  indent: fc.constantFrom(2, 4),
  defaultStringType: fc.constantFrom('PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE' as const),
  collectionStyle: fc.constantFrom('any', 'flow' as const),
});

/** Two files, the second laid over the first, in which services extend others, and all that they need: a file to extend from, one to include. */
export const generated: fc.Arbitrary<Generated> = fc
  .record({
    base: fc.array(few, { minLength: 2, maxLength: 4 }),
    over: fc.array(fc.option(few, { nil: undefined }), { maxLength: 3 }),
    // Of an earlier service, or of one in another file.
    extending: fc.array(
      fc.option(fc.oneof(fc.nat({ max: 2 }), fc.constantFrom('one', 'two')), { nil: undefined, freq: 3 }),
      {
        maxLength: 4,
      },
    ),
    elsewhere: fc.tuple(few, few),
    included: fc.option(fc.tuple(few, few), { nil: undefined }),
    style,
  })
  .map(({ base, over, extending, elsewhere, included, style: written }) => {
    const services = base.map((of, index): [string, unknown] => {
      const extended = extending[index];
      const target =
        typeof extended === 'string'
          ? { extends: { file: 'sub/base.yaml', service: extended } }
          : extended !== undefined && extended < index
            ? { extends: { service: names[extended] } }
            : {};
      return [names[index] ?? '', { image: 'i', ...target, ...inOrder(index, of) }];
    });
    const overriding = over.flatMap((of, index): [string, unknown][] =>
      of === undefined || index >= services.length ? [] : [[names[index] ?? '', inOrder(index, of)]],
    );
    const write = (value: unknown): string =>
      stringify(value, { ...written, lineWidth: 0, aliasDuplicateObjects: false });
    const [one, two] = elsewhere.map((of) => inOrder(0, of));
    const [first, second] = (included ?? []).map((of) => inOrder(0, of));
    const including = included === undefined ? {} : { include: ['inc/compose.yaml'] };
    const envFiles = {
      'one.env': 'ONE=1\nREF=${ONE}${TAG}\nA=file\n',
      'two.env': 'TWO="2 # x"\nA=two\nREF=${A}\n',
    };
    const below = (folder: string): Record<string, string> =>
      Object.fromEntries(
        Object.entries(envFiles).map(([name, text]) => [`${folder}/${name}`, `${text}IN=${folder}\n`]),
      );
    return {
      files: ['compose.yaml', ...(overriding.length > 0 ? ['over.yaml'] : [])],
      content: {
        'compose.yaml': write({ name: 'made', ...including, services: Object.fromEntries(services), ...resources }),
        'over.yaml': write({ services: Object.fromEntries(overriding) }),
        'sub/base.yaml': write({ services: { one, two: { ...two, extends: 'one' } } }),
        'inc/compose.yaml': write({
          services: { first: { image: 'i', ...first }, second: { image: '${ONLY}', ...second } },
        }),
        'inc/.env': 'ONLY=inc\nTAG=never\n',
        'pw.txt': 'pw',
        ...envFiles,
        ...below('sub'),
        ...below('inc'),
      },
    };
  });
