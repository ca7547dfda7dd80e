import { connectEngine } from '../../gym/environment/engine.ts';
import { listGolden, removeGolden } from '../../gym/environment/golden-states.ts';

/** Tests that look at what becomes of states see to their own. */
const own = /^golden-/;

/** Removes the seeded states that the tests have kept, when all of them have run; those that somebody uses stay. */
export function setup(): () => Promise<void> {
  const since = Date.now();
  return async () => {
    const engine = await connectEngine(process.env);
    const listed = engine.ok ? await listGolden(engine.value) : engine;
    if (!engine.ok || !listed.ok) return;
    const made = listed.value.filter(({ isUsed, madeAt, task }) => !isUsed && madeAt >= since && !own.test(task));
    await removeGolden(engine.value, made);
  };
}
