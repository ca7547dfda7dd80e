import { expect, test } from 'vitest';
import { timeUp } from '../../../gym/environment/timings.ts';
import { type EventBody, eventBody } from '../../../gym/events/event.ts';

test('what the time of a coming up went to is told by one event', async () => {
  let now = 1000;
  const at = (ms: number): void => {
    now = 1000 + ms;
  };
  const events: EventBody[] = [];
  const timing = timeUp(
    (event) => events.push(event),
    () => now,
  );
  const changed = (ms: number, service: string, state: 'created' | 'started' | 'ready' | 'exited'): void => {
    at(ms);
    timing.emit({ type: 'service.changed', service, state });
  };
  await timing.of('compose', async () => at(3));
  await timing.of('connect', async () => at(10));
  await timing.of('images', async () => at(100));
  changed(110, 'db', 'created');
  changed(120, 'job', 'created');
  changed(150, 'db', 'started');
  changed(200, 'job', 'started');
  changed(230, 'job', 'exited');
  changed(300, 'db', 'ready');
  changed(900, 'db', 'exited');
  timing.finish();
  expect(events.at(-1)).toEqual({
    type: 'up.timed',
    totalMs: 900,
    phasesMs: { compose: 3, connect: 7, images: 90, create: 20, start: 80 },
    readyMs: { job: 230, db: 300 },
  });
  expect(events.every((event) => eventBody.safeParse(event).success)).toBe(true);
  expect(events).toHaveLength(8);
});
