import { expect, test } from 'vitest';
import { bench, docker, labelled, run } from './support.ts';

const gym = bench();

const services = JSON.stringify({
  services: {
    busy: {
      image: 'debian:bookworm-slim',
      command: ['sh', '-c', 'while :; do :; done'],
      init: true,
      cpus: 0.2,
      stop_grace_period: '0s',
    },
    idle: { image: 'debian:bookworm-slim', command: ['sleep', 'infinity'], init: true },
    once: { image: 'debian:bookworm-slim', command: ['true'] },
  },
});

const pausedIn = (project: string): string[] =>
  docker('ps', '--filter', `label=dev.gym.project=${project}`, '--filter', 'status=paused', '--format', '{{.Names}}')
    .split('\n')
    .filter((name) => name !== '')
    .sort();

test('an environment halts and goes on, also where it is held back by a limit, and is removed while it is halted', async () => {
  const environment = await gym.mustUp(services);
  const { project } = environment;
  expect(await environment.pause()).toEqual({ ok: true, value: undefined });
  expect(pausedIn(project)).toEqual([`${project}-busy`, `${project}-idle`]);
  expect(await environment.pause()).toEqual({ ok: true, value: undefined });
  expect(await environment.resume()).toEqual({ ok: true, value: undefined });
  expect(pausedIn(project)).toEqual([]);
  expect((await run(environment, 'idle', ['echo', 'here'])).out).toBe('here\n');
  expect(environment.deaths()).toEqual([]);
  await environment.pause();
  expect(await environment.down()).toEqual({ ok: true, value: undefined });
  expect(labelled(`dev.gym.project=${project}`)).toEqual([]);
});
