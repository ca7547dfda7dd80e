import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../../gym/cli/command.ts';
import { readFault } from '../../../gym/cli/commands/fault.ts';
import { commands } from '../../../gym/cli/commands.ts';
import type { Result } from '../../../gym/events/problem.ts';
import { type EnvironmentFault, faultText } from '../../../gym/task/environment-fault.ts';

function read(line: string): Result<EnvironmentFault> {
  const command = commands.find(({ name }) => name === 'fault');
  if (command === undefined) throw new Error('no command fault');
  const args = parseCommandLine(command, ['inject', ...line.split(' ')]);
  return args.ok ? readFault(args.value.positionals.slice(1), args.value) : args;
}

describe('what is understood', () => {
  it.each<[string, EnvironmentFault, string]>([
    ['kill b', { kind: 'kill', service: 'b' }, 'kill b'],
    ['partition b', { kind: 'partition', service: 'b', from: { kind: 'everything' } }, 'partition b from everything'],
    [
      'partition b --from a',
      { kind: 'partition', service: 'b', from: { kind: 'service', service: 'a' } },
      'partition b from a',
    ],
    [
      'partition b --network n',
      { kind: 'partition', service: 'b', from: { kind: 'network', network: 'n' } },
      'partition b from the network n',
    ],
    [
      'latency b:80 --from a --ms 1.5',
      { kind: 'latency', to: 'b', port: 80, from: 'a', latencyMs: 1.5 },
      'latency of 1.5 ms from a to b:80',
    ],
    [
      'bandwidth b:80 --bytes-per-second 1000',
      { kind: 'bandwidth', to: 'b', port: 80, from: undefined, bytesPerSecond: 1000 },
      'bandwidth of 1000 bytes/s from all services to b:80',
    ],
    [
      'reset b:80 --after-bytes 9',
      { kind: 'reset', to: 'b', port: 80, from: undefined, when: { afterBytes: 9 } },
      'reset after 9 bytes from all services to b:80',
    ],
    [
      'reset b:80 --probability 0.25 --seed 3',
      { kind: 'reset', to: 'b', port: 80, from: undefined, when: { probability: 0.25, seed: 3 } },
      'reset with probability 0.25 (seed 3) from all services to b:80',
    ],
    ['count b:80', { kind: 'count', to: 'b', port: 80, from: undefined }, 'count bytes from all services to b:80'],
    ['disk b /data', { kind: 'disk', service: 'b', path: '/data' }, 'disk full at b:/data'],
    [
      'memory b --bytes 7000000',
      { kind: 'memory', service: 'b', limitBytes: 7_000_000 },
      'memory of b limited to 7000000 bytes',
    ],
    ['cpu b --cpus 0.5', { kind: 'cpu', service: 'b', cpus: 0.5 }, 'cpu of b limited to 0.5'],
    ['clock b --offset-ms=-5', { kind: 'clock', service: 'b', offsetMs: -5 }, 'clock of b off by -5 ms'],
  ])('%s', (line, fault, text) => {
    expect(read(line)).toEqual({ ok: true, value: fault });
    expect(faultText(fault)).toBe(text);
  });
});

describe('what is refused, and why', () => {
  it.each([
    ['kil b', 'there is no fault of the kind kil'],
    ['kill', 'kill needs more: gym fault inject kill SERVICE'],
    ['kill b c', 'kill does not take c: gym fault inject kill SERVICE'],
    ['kill b --ms 5', 'kill does not take --ms: gym fault inject kill SERVICE'],
    ['latency b:80', 'latency needs --ms: gym fault inject latency SERVICE:PORT --ms N [--from SERVICE]'],
    ['latency b --ms 5', 'latency needs a port: gym fault inject latency SERVICE:PORT --ms N [--from SERVICE]'],
    ['latency b:70000 --ms 5', /^Too big: expected number to be <=65535.*gym fault inject latency/s],
    ['reset b:80', 'reset takes --after-bytes or --probability, and one of them'],
    ['reset b:80 --after-bytes 1 --probability 1', 'reset takes --after-bytes or --probability, and one of them'],
    ['reset b:80 --after-bytes 1 --seed 1', 'reset takes --seed with --probability only'],
    ['reset b:80 --probability 2', /gym fault inject reset/],
    ['partition b --from a --network n', 'partition takes --from or --network, not both'],
    ['disk b', 'disk needs more: gym fault inject disk SERVICE PATH'],
    ['disk b data', /the path of a folder begins with \/.*gym fault inject disk/s],
    ['disk b /', /the path of a folder begins with \//],
    ['disk b /data/', /the path of a folder begins with \//],
    ['clock b --offset-ms soon', /gym fault inject clock/],
  ])('%s', (line, message) => {
    const fault = read(line);
    expect(fault).toMatchObject({
      ok: false,
      problems: [
        {
          kind: 'usage',
          message: typeof message === 'string' ? message : expect.stringMatching(message),
        },
      ],
    });
  });
});
