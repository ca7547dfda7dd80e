import { describe, expect, test } from 'vitest';
import { loadTask } from '../../../gym/task/load.ts';
import { temporaryFolder } from '../../support/repository.ts';

/** The problems of a task with these lines in it, each as `line: message`. */
async function problemsWith(lines: string): Promise<string[]> {
  using folder = temporaryFolder();
  folder.write('TASK.md', '');
  folder.write('compose.yaml', 'services: {}\n');
  folder.write(
    'task.ts',
    `import { bound, defineTask, load, log, sum, target } from 'devgym';
const http = { protocol: 'http', origin: 'http://web:80', requests: [{ name: 'home', path: '/' }] } as const;
const plan = { target: http, phases: [{ seconds: 1, perSecond: 5 }] };
export default defineTask({
  name: 'shop', instruction: 'TASK.md', compose: 'compose.yaml', stages: [{ name: 'unit', command: 'true' }],
  measurements: { people: load({ stage: 'unit', plan }) },
  invariants: [
    bound({ name: 'errors', quantity: sum('people.errors'), atMost: 0 }),
    log({ name: 'quiet', services: ['web'], line: { pattern: 'up' }, expect: 'present' }),
  ],
${lines}
});
`,
  );
  const task = await loadTask(`${folder.path}/task.ts`);
  return task.ok ? [] : task.problems.map(({ place, message }) => `${place?.line}: ${message}`);
}

const command = `measure: { kind: 'command', command: 'work' }`;

describe('a target', () => {
  test.each([
    ['of both', `noWorse: 0.1, improve: 0.8`, /^11: target: against: name either noWorse or improve/],
    ['of none', ``, /^11: target: against: name either noWorse or improve/],
    ['that cannot be shown with noise', `noWorse: 0`, /cannot be shown to be no worse at all/],
    ['that is misspelt', `noWorst: 0.1`, /did you mean "noWorse"/],
  ])('%s is told with its line', async (_, goal, message) => {
    const lines = `  targets: [target({ name: 'fast', ${command},\n    against: { kind: 'baseline', ${goal} } })],`;
    expect((await problemsWith(lines.replace('\n', ''))).join('\n')).toMatch(message);
  });

  test('of what is printed needs its unit', async () => {
    const printed = `measure: { kind: 'command', command: 'count', gives: 'printed' }`;
    const lines = `  targets: [target({ name: 'few', ${printed}, against: { kind: 'ratchet' } })],`;
    expect((await problemsWith(lines)).join('\n')).toContain('measure.unit: the unit of what is printed');
  });

  test('has a name and risks as any check', async () => {
    const lines = `  targets: [target({ name: 'errors', risk: ['slow'], ${command}, against: { kind: 'limit', limit: 5 } })],`;
    expect(await problemsWith(lines)).toEqual([
      '11: two checks are named errors',
      '11: errors: the task has no risk slow',
    ]);
  });

  test('may be waived', async () => {
    const target = `targets: [target({ name: 'fast', ${command}, against: { kind: 'limit', limit: 5 } })]`;
    const waiver = `waivers: [{ check: 'fast', reason: 'later', owner: 'ada', until: '2030-01-31' }]`;
    expect(await problemsWith(`  ${target}, ${waiver},`)).toEqual([]);
  });
});

describe('a canary', () => {
  test.each([
    [`{ load: 'people', perSecond: 5, slos: ['errors'] }`, []],
    [`{ load: 'peple', perSecond: 5, slos: [] }`, [/canary.slos/]],
    [`{ load: 'peple', perSecond: 5, slos: ['errors'] }`, [/no load peple/, /errors also looks at people/]],
    [`{ load: 'people', perSecond: 5, slos: ['speed'] }`, [/no invariant speed/]],
    [`{ load: 'people', perSecond: 5, slos: ['quiet'] }`, [/quiet also looks at a log/]],
  ])('%s', async (canary, messages) => {
    const problems = await problemsWith(`  canary: ${canary},`);
    expect(problems).toEqual(messages.map((message) => expect.stringMatching(message)));
  });
});
