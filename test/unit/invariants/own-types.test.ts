import { defineInvariant, type Evidence, type Invariant, invariantBase, type Judgement, sum, z } from 'devgym';
import { expect, expectTypeOf, test } from 'vitest';

const schema = z.strictObject({ ...invariantBase, metric: z.string(), limit: z.number().default(5) });
const judge = (): Judgement => ({
  state: 'vacuous',
  because: 'there is nothing',
  margin: null,
  distance: null,
  unit: null,
  parts: [],
  evidence: [],
});

/** Made as an author does: `npm run check` compiles this, and each line below that should not compile is one that does not. */
const own = defineInvariant({
  kind: 'own',
  schema,
  claim({ metric, limit }) {
    expectTypeOf(metric).toEqualTypeOf<string>();
    // What has a default is there.
    expectTypeOf(limit).toEqualTypeOf<number>();
    return `${metric} is below ${limit}`;
  },
  looksAt: ({ metric }) => [sum(metric)],
  judge(spec, evidence) {
    expectTypeOf(spec).toEqualTypeOf<z.output<typeof schema>>();
    expectTypeOf(evidence).toEqualTypeOf<Evidence>();
    return judge();
  },
  notices: ({ limit }) => (limit > 0 ? ['scale', 'swap'] : []),
});

test('a kind of one’s own has the types of its schema', () => {
  expectTypeOf(own).parameter(0).toEqualTypeOf<z.input<typeof schema>>();
  expectTypeOf(own).returns.toEqualTypeOf<Invariant>();
  const invariant = own({ name: 'a', metric: 'app.bytes' });
  expect([invariant.claim, invariant.sources, invariant.notices]).toEqual([
    'app.bytes is below 5',
    ['app'],
    ['scale', 'swap'],
  ]);
});

test('what does not fit does not compile, and is a definition error where it is run all the same', () => {
  // @ts-expect-error a key is missing
  expect(() => own({ name: 'a' })).toThrow(/metric/);
  // @ts-expect-error another type
  expect(() => own({ name: 'a', metric: 'app.bytes', limit: 'five' })).toThrow(/limit/);
  // @ts-expect-error an unknown key
  expect(() => own({ name: 'a', metric: 'app.bytes', limits: 5 })).toThrow(/did you mean "limit"/);
});

test('a definition that does not fit does not compile', () => {
  const base = { kind: 'own', schema, claim: () => 'x', judge };
  // @ts-expect-error no way of tampering is called so
  defineInvariant({ ...base, notices: () => ['explode'] });
  // @ts-expect-error what is looked at has a metric
  defineInvariant({ ...base, looksAt: () => [{ where: {}, by: [] }] });
  // @ts-expect-error a judgement is made at once
  defineInvariant({ ...base, judge: async () => judge() });
  // @ts-expect-error a state that does not exist
  defineInvariant({ ...base, judge: () => ({ ...judge(), state: 'ok' }) });
  // @ts-expect-error a check has a name
  defineInvariant({ ...base, schema: z.strictObject({ metric: z.string() }) });
  expect(defineInvariant(base)).toBeTypeOf('function');
});
