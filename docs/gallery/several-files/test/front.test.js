import assert from 'node:assert/strict';
import test from 'node:test';

// Runs on the host. gym tells where a published port is.
const { GYM_HOST, GYM_PORT_FRONT_80 } = process.env;
const ask = async () => (await fetch(`http://${GYM_HOST}:${GYM_PORT_FRONT_80}/`)).json();

test('both take part, and they share one count', async () => {
  const answers = [await ask(), await ask(), await ask(), await ask()];
  assert.deepEqual(new Set(answers.map(({ color }) => color)), new Set(['blue', 'green']));
  assert.deepEqual(
    answers.map((each) => each.answers - answers[0].answers),
    [0, 1, 2, 3],
  );
});
