import { expect, test } from 'vitest';
import { shuffleCheckout } from '../../support/gym/checkout.ts';
import { leftOf } from '../../support/gym/engine.ts';
import { gym } from '../../support/gym/program.ts';

test('two checkouts verify the same task at the same time, and both pass', async () => {
  using one = shuffleCheckout();
  using other = shuffleCheckout();
  const env = { SHUFFLE_BYTES: String(16 * 1024 * 1024) };
  const ends = await Promise.all([one, other].map(({ path }) => gym(path, ['verify', 'shuffle'], env)));
  expect(ends.map(({ exitCode, stdout }) => ({ exitCode, stdout }))).toEqual(
    ends.map(() => ({ exitCode: 0, stdout: expect.stringMatching(/^PASS shuffle: \d+ of \d+ checks hold/) })),
  );
  expect([...leftOf(one.path), ...leftOf(other.path)]).toEqual([]);
});
