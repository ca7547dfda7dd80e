import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { foldJournal, nextStep } from '../../../gym/loop/progress.ts';
import { type JournalEntryBody, openJournal, readJournal } from '../../../gym/store/journal.ts';
import { temporaryFolder } from '../../support/repository.ts';

const started: JournalEntryBody = {
  ...{ type: 'started', loop: 'l', task: 't', taskFile: '/t/task.ts', agent: 'oracle' },
  limits: { attempts: 2, minutes: 1, usd: null },
};

test('a torn last line never happened, and the next entry takes its place', () => {
  using folder = temporaryFolder();
  const file = join(folder.path, 'journal.ndjson');
  const journal = openJournal(file, () => 7);
  journal.append(started);
  journal.close();
  appendFileSync(file, '{"v":1,"at":8,"type":"attempt-beg');
  expect(readJournal(file)).toEqual([{ v: 1, at: 7, ...started }]);

  const again = openJournal(file, () => 9);
  again.append({ type: 'attempt-begins', attempt: 1 });
  again.close();
  expect(readJournal(file).map(({ at, type }) => [at, type])).toEqual([
    [7, 'started'],
    [9, 'attempt-begins'],
  ]);
  expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(3);
});

test('a bad line that is not the last is a bug and throws', () => {
  using folder = temporaryFolder();
  const file = join(folder.path, 'journal.ndjson');
  appendFileSync(file, '{"v":1,"at":8,"type":"attempt-beg\n{}\n');
  expect(() => readJournal(file)).toThrow();
});

test('a journal whose first line was torn is a loop that never began', () => {
  using folder = temporaryFolder();
  const file = join(folder.path, 'journal.ndjson');
  appendFileSync(file, '{"v":1');
  expect(foldJournal(readJournal(file))).toBeUndefined();
});

test('what an attempt that was cut short used still counts, and its work does not', () => {
  const usage = { inputTokens: 5, cachedInputTokens: 0, outputTokens: 1, costUsd: 0.3, turns: 1, models: {} };
  const worktree = {
    directory: '/w',
    workspace: '/w',
    gitDirectory: '/g',
    kind: 'own',
    branch: 'b',
    start: 'c',
  } as const;
  const judged = { run: 'r', state: 'fail', exitCode: 1, distance: 1, headline: '', words: '', durationMs: 1 } as const;
  const entries: JournalEntryBody[] = [
    started,
    { type: 'worktree-made', worktree },
    { type: 'judged', attempt: 0, ...judged },
    { type: 'attempt-begins', attempt: 1 },
    { type: 'agent-finished', attempt: 1, outcome: 'aborted', usage, session: null, durationMs: 1 },
    { type: 'ended', end: 'stopped', because: 'stopped by a person' },
    { type: 'resumed', usedMs: 5, limits: { attempts: 1, minutes: 1, usd: 0.2 } },
  ];
  const at = (count: number) => foldJournal(entries.slice(0, count).map((body) => ({ v: 1, at: 0, ...body })));
  const resumed = at(7);
  if (resumed === undefined) throw new Error('never began');
  expect(nextStep(resumed, false)).toEqual({ act: 'attempt', attempt: 1 });
  expect(nextStep(resumed, true)).toMatchObject({ act: 'end', end: 'minutes' });
  entries.push(
    { type: 'attempt-begins', attempt: 1 },
    { type: 'agent-finished', attempt: 1, outcome: 'claimed-done', usage, session: null, durationMs: 1 },
    { type: 'checkpointed', attempt: 1, commit: 'd', files: 1 },
    { type: 'judged', attempt: 1, ...judged },
  );
  const later = at(11);
  if (later === undefined) throw new Error('never began');
  expect(nextStep(later, false)).toMatchObject({ act: 'end', end: 'usd', because: '$0.60 of $0.2 are spent' });
});
