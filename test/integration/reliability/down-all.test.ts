import { expect, test } from 'vitest';
import { privateEngine, whyNoEngine } from '../../chaos/private-engine.ts';
import { tinyCheckout } from '../../support/gym/checkout.ts';
import { gym, startGym } from '../../support/gym/program.ts';

const noEngine = whyNoEngine();
if (noEngine !== undefined) console.warn(`SKIPPED: gym down --all is not tested, ${noEngine}`);

// On an engine of its own: on the machine's it would take down what others keep.
test.runIf(noEngine === undefined)(
  'gym down --all removes what is kept of every checkout, seeded states too, and neither what a living gym holds nor what is not of gym',
  async () => {
    using first = tinyCheckout();
    using second = tinyCheckout();
    using third = tinyCheckout({
      stages: [{ name: 'unit', command: `until [ -e ${first.path}/done ]; do sleep 0.1; done` }],
    });
    await using engine = await privateEngine('debian:bookworm-slim');
    const env = { DOCKER_HOST: engine.host };
    const checkouts = (): string[] =>
      engine.docker('ps', '--all', '--format', '{{.Label "dev.gym.checkout"}}').split('\n').sort();
    const states = (): string => engine.docker('volume', 'ls', '--quiet', '--filter', 'label=dev.gym.golden');
    for (const args of [['up'], ['reset'], ['down', '--wait']])
      expect((await gym(first.path, args, env)).exitCode).toBe(0);
    for (const { path } of [first, second]) expect((await gym(path, ['up'], env)).exitCode).toBe(0);
    const running = startGym(third.path, ['verify', '--json=stream'], env);
    await running.saw(({ type }) => type === 'stage.started');
    engine.docker(
      'run',
      '--detach',
      '--name',
      'gym-tiny-lookalike',
      '--label',
      'dev.gym.checkout=lookalike',
      '--network',
      'none',
      'debian:bookworm-slim',
      'sleep',
      '1000',
    );
    expect(checkouts()).toEqual(['lookalike', first.path, second.path, third.path].sort());

    const inFirst = await gym(first.path, ['down', '--wait'], env);
    expect({ code: inFirst.exitCode, said: inFirst.stderr }).toEqual({ code: 0, said: 'tiny is down\n' });
    expect(checkouts()).toEqual(['lookalike', second.path, third.path].sort());
    expect((await gym(first.path, ['up'], env)).exitCode).toBe(0);
    expect(states()).toMatch(/^gym-golden-[0-9a-f]{32}$/m);

    expect((await gym(second.path, ['warm'], env)).exitCode).toBe(0);
    const all = await gym(third.path, ['down', '--all', '--wait'], env);
    const said = 'tiny is down\ntiny is down\ntiny is not kept warm any more\n';
    expect({ code: all.exitCode, said: all.stderr }).toEqual({ code: 0, said });
    expect(checkouts()).toEqual([third.path, 'lookalike']);
    expect(states()).toBe('');
    first.write('done', '');
    expect((await running.end).exitCode).toBe(0);
    expect(engine.docker('network', 'ls', '--quiet', '--filter', 'label=dev.gym.project')).toBe('');
  },
);
