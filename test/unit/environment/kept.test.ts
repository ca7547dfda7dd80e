import { expect, onTestFinished, test } from 'vitest';
import { currentGeneration, isUsed } from '../../../gym/environment/kept.ts';
import { goldenGeneration, label } from '../../../gym/environment/labels.ts';
import { type Mark, markOf, spareSince } from '../../../gym/environment/mark.ts';
import { forgetNotes, noteUp, writeResetNote } from '../../../gym/store/kept.ts';
import { openStore, type Store } from '../../../gym/store/store.ts';
import { temporaryFolder } from '../../support/repository.ts';

const project = 'gym-tiny-1';

function checkout(): { path: string; store: Store; of: (generation: string) => Record<string, string> } {
  const folder = temporaryFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  const of = (generation: string): Record<string, string> => ({
    [label.project]: project,
    [label.checkout]: folder.path,
    [label.generation]: generation,
  });
  const store = openStore(folder.path);
  store.make();
  return { path: folder.path, store, of };
}

const marked = (generation: string, since: number): Mark => ({ project, generation, since, origin: null });
const note = { spare: null, golden: null, builder: null, promisedAt: 0 };

test('what has no mark was never brought up to the end; what a gym without marks has noted was', () => {
  const { store, of } = checkout();
  expect(isUsed(of('first'), [])).toBe(false);
  expect(isUsed(of('first'), [{ ...marked('first', 1), project: 'gym-tiny-2' }])).toBe(false);
  noteUp(store, project, 'hash');
  expect(isUsed(of('first'), [])).toBe(true);
  forgetNotes(store, project);
  expect(isUsed(of('first'), [])).toBe(false);
});

test('without a note the generation of the newest mark is used, and what was kept for resets', () => {
  const { of } = checkout();
  const marks = [marked('first', 1), marked('r2', 2), marked('r3', spareSince)];
  expect(currentGeneration(of('first'), marks)).toBe('r2');
  expect(['first', 'r2', 'r3', 'r4', goldenGeneration].filter((each) => isUsed(of(each), marks))).toEqual([
    'r2',
    goldenGeneration,
  ]);
  expect(currentGeneration(of('first'), [])).toBe('first');
});

test('with a note it is the one that the note says, and the spare', () => {
  const { store, of } = checkout();
  const marks = [marked('r2', 2), marked('r3', spareSince)];
  writeResetNote(store, project, { ...note, current: 'r2', spare: 'r3' });
  expect(['first', 'r2', 'r3', 'r4'].filter((each) => isUsed(of(each), marks))).toEqual(['r2', 'r3']);
  // A reset took the spare.
  writeResetNote(store, project, { ...note, current: 'r3' });
  expect(['r2', 'r3'].filter((each) => isUsed(of(each), marks))).toEqual(['r3']);
  expect(isUsed(of('r3'), [marked('r3', spareSince)])).toBe(true);
});

test('a note of an environment that had the name before does no harm', () => {
  const { store, of } = checkout();
  writeResetNote(store, project, { ...note, current: 'r9' });
  expect(currentGeneration(of('first'), [marked('first', 5)])).toBe('first');
});

test('a mark is told by its labels', () => {
  const labels = { [label.project]: project, [label.generation]: 'r2', [label.mark]: '7' };
  expect(markOf(labels)).toEqual(marked('r2', 7));
  expect(markOf({ ...labels, [label.files]: 'f', [label.model]: 'm' })?.origin).toEqual({ files: 'f', model: 'm' });
  expect(markOf({ [label.project]: project, [label.generation]: 'r2' })).toBeUndefined();
  expect(markOf(null)).toBeUndefined();
});
