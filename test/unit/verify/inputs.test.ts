import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EnvironmentInputs } from '../../../gym/environment/inputs.ts';
import { failed, ok } from '../../../gym/events/problem.ts';
import { cacheKey, type Inputs } from '../../../gym/store/cache.ts';
import { type Stage, stageSchema, type Task } from '../../../gym/task/schema.ts';
import { differences, type InputGround, inputsOf } from '../../../gym/verify/inputs.ts';
import { affectedStages, partOf } from '../../../gym/verify/part.ts';
import { stepsOf } from '../../../gym/verify/steps.ts';
import { taskIn } from '../../support/repository.ts';

const stage = (name: string, more: Partial<Stage> = {}): Stage => ({
  ...stageSchema.parse({ name, command: 'true' }),
  ...more,
});
const environment: EnvironmentInputs = {
  ...{ inputs: { 'service box': 'a' }, builtOf: {}, images: {} },
  ...{ outside: {}, inside: ['data'] },
};
const contents = { 'src/a.ts': '1', 'src/b.ts': '2', 'data/state': '3', 'README.md': '4' };
const task = (...stages: Stage[]): Task => taskIn('/nowhere', { stages });
const ground = (of: Task, more: Partial<InputGround> = {}): InputGround => ({
  ...{ task: of, contents, environment: ok(environment), environmentVariables: { PATH: '/bin' } },
  ...more,
});
const keysOf = (of: Task, more: Partial<InputGround> = {}): string[] =>
  stepsOf(of).map((step) => {
    const inputs = inputsOf(step, ground(of, more));
    return inputs.ok ? cacheKey(step.name, inputs.value) : 'none';
  });

test('pure stages are steps of their own, the others are one', () => {
  const steps = stepsOf(
    task(
      stage('lint', { pure: true, inputs: [] }),
      stage('unit', { service: 'box' }),
      stage('e2e', { service: 'box' }),
    ),
  );
  expect(steps.map(({ name, uncached }) => [name, uncached])).toEqual([
    ['unit, e2e', undefined],
    ['lint', undefined],
  ]);
});

test('a stage on the host is cached only where it says what its inputs are, and none that says that it is not to be', () => {
  const reasons = stepsOf(task(stage('host'), stage('asks', { pure: true, service: 'box', cache: false }))).map(
    ({ uncached }) => uncached,
  );
  expect(reasons).toEqual([
    expect.stringContaining('does not say what its inputs are'),
    'the stage asks says cache: false',
  ]);
});

test('any change of an input changes the key of a stage on the host; no other file does', () => {
  const of = task(stage('lint', { pure: true, inputs: ['src/**'] }));
  const [key] = keysOf(of);
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(contents)), fc.string({ minLength: 2 }), (path, content) => {
      const isInput = path.startsWith('src/');
      expect(keysOf(of, { contents: { ...contents, [path]: content } })[0] !== key).toBe(isInput);
      const { [path]: _, ...fewer }: Record<string, string> = contents;
      expect(keysOf(of, { contents: fewer })[0] !== key).toBe(isInput);
    }),
  );
  expect(keysOf(of, { contents: { ...contents, 'src/new.ts': '5' } })).not.toEqual([key]);
  expect(keysOf(of, { environmentVariables: { PATH: '/usr/bin' } })).not.toEqual([key]);
  expect(keysOf(of, { environmentVariables: { PATH: '/bin', TERM: 'x', SHLVL: '3' } })).toEqual([key]);
  expect(keysOf(task(stage('lint', { pure: true, inputs: ['src/**'], command: 'false' })))).not.toEqual([key]);
  // It needs no environment, so nothing of it counts.
  expect(keysOf(of, { environment: failed({ kind: 'environment', message: 'no engine' }) })).toEqual([key]);
});

test('a stage in a service depends on its environment and on what is mounted, not on the rest of the workspace', () => {
  const of = task(stage('unit', { service: 'box' }));
  const [key] = keysOf(of);
  expect(keysOf(of, { contents: { ...contents, 'README.md': 'x' }, environmentVariables: {} })).toEqual([key]);
  expect(keysOf(of, { contents: { ...contents, 'data/state': 'x' } })).not.toEqual([key]);
  expect(keysOf(of, { environment: ok({ ...environment, inputs: { 'service box': 'b' } }) })).not.toEqual([key]);
  expect(keysOf(of, { environment: failed({ kind: 'evidence', message: 'not closed' }) })).toEqual(['none']);
});

test('what differs is told by name', () => {
  const none = { now: () => undefined, before: () => undefined };
  expect(differences({ a: '1', b: '2', c: '3' }, { a: '1', b: '9', d: '4' }, none)).toEqual([
    'b: changed',
    'c: new',
    'd: gone',
  ]);
});

test('of what has parts it is told which: the first of them, and how many more', () => {
  const now = { image: 'new', other: '2' };
  const before = { image: 'old', other: '1' };
  const told = (last: Inputs | undefined, current: Inputs): string[] =>
    differences(now, before, {
      now: (value) => (value === 'new' ? current : undefined),
      before: (value) => (value === 'old' ? last : undefined),
    });
  const many = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`src/${index}.ts`, 'a']));
  const parts = { 'src/a.ts': '1', 'src/b.ts': '2', 'src/c.ts': '3' };
  expect(told(parts, { 'src/a.ts': '1', 'src/b.ts': '4', 'src/d.ts': '5' })).toEqual([
    'image: src/b.ts changed, src/c.ts gone, src/d.ts new',
    'other: changed',
  ]);
  expect(told({}, many)[0]).toBe('image: src/0.ts new, src/1.ts new, src/2.ts new, src/3.ts new and 5 more');
  expect(told(undefined, many), 'kept by an earlier gym, or too many').toEqual(['image: changed', 'other: changed']);
  expect(told(parts, parts), 'something else of it has changed').toEqual(['image: changed', 'other: changed']);
});

const parts = task(
  stage('lint', { pure: true, inputs: ['src/**'] }),
  stage('build', { service: 'box' }),
  stage('unit', { service: 'box', inputs: ['src/**'] }),
  stage('e2e', { service: 'box' }),
);
const stagesOf = (asked: Parameters<typeof partOf>[1]): unknown => {
  const part = partOf(parts, asked);
  return part.ok ? [part.value.task.stages.map(({ name }) => name), part.value.part] : part.problems[0].message;
};

test('a part has the stages before it that it needs: a pure one needs none', () => {
  expect(stagesOf({ kind: 'stages', stages: ['unit'] })).toEqual([['build', 'unit'], { judged: 2, all: 4 }]);
  expect(stagesOf({ kind: 'check', check: 'lint' })).toEqual([['lint'], { judged: 1, all: 4 }]);
  expect(stagesOf({ kind: 'stages', stages: ['lint', 'e2e'] })).toEqual([['lint', 'build', 'unit', 'e2e'], undefined]);
  expect(stagesOf({ kind: 'stages', stages: ['units'] })).toBe('count has no stage units');
});

test('a stage is affected by what fits its inputs, or by anything where it names none', () => {
  expect(affectedStages(parts, ['README.md'])).toEqual(['build', 'e2e']);
  expect(affectedStages(parts, ['src/a.ts'])).toEqual(['lint', 'build', 'unit', 'e2e']);
  expect(affectedStages(parts, [])).toEqual([]);
});

test('what is held out is no part that can be asked for, and asking tells nothing of it', () => {
  const heldOut = { checks: ['strangers'], files: [], tells: 'nothing' as const };
  const of = taskIn('/nowhere', { stages: [stage('unit'), stage('e2e'), stage('strangers')], heldOut });
  const said = (name: string, kind: 'stage' | 'check'): unknown => {
    const part = partOf(of, kind === 'stage' ? { kind: 'stages', stages: [name] } : { kind: 'check', check: name });
    return part.ok
      ? part.value
      : part.problems.map(({ message, remedy }) => `${message}. ${remedy}`.replace(name, 'X'));
  };
  for (const kind of ['stage', 'check'] as const) {
    const answer = said('strangers', kind);
    expect(answer).toEqual(said('nobody-has-it', kind));
    expect(answer).toEqual([
      `count has no ${kind} X in sight. The ${kind}s are: unit, e2e. What is held out is judged with all else, once that holds: gym verify count`,
    ]);
    // One that is nearly its name is told nothing either.
    expect(said('stranger', kind)).toEqual(answer);
    expect(said('unti', kind)).toEqual([expect.stringMatching(/^count has no \w+ X in sight\. Did you mean unit\? /)]);
  }
  expect(said('held-out', 'check')).toEqual([
    expect.stringMatching(/^X is not judged by itself\. .*gym verify count$/),
  ]);
  expect(said('e2e', 'stage')).toMatchObject({ part: { judged: 2, all: 3 } });
  expect(affectedStages(of, ['README.md'])).toEqual(['unit', 'e2e']);
});
