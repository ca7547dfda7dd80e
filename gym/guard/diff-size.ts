import { countText } from '../judge/text.ts';
import { isMade } from './generated.ts';
import { type Guard, lineChanges } from './guard.ts';

/** What changed is small enough to be read. */
export const diffSize: Guard = {
  name: 'diff-size',
  claim: 'no more changes than the task allows',
  remedy: 'make a smaller change',
  judge(guarded) {
    const { lines: mostLines, files: mostFiles } = guarded.settings.diffSize;
    const changes = guarded.changes.filter((change) => !isMade(change, guarded));
    if ((mostLines === undefined && mostFiles === undefined) || changes.length === 0) return undefined;
    const counted = changes.map((change) => {
      const { added, removed } = lineChanges(change);
      return { path: change.path, added: added.length, removed };
    });
    const lines = counted.reduce((sum, { added, removed }) => sum + added + removed, 0);
    const over = [
      ...(mostLines === undefined ? [] : [{ what: 'line', count: lines, most: mostLines }]),
      ...(mostFiles === undefined ? [] : [{ what: 'file', count: changes.length, most: mostFiles }]),
    ].toSorted((a, b) => b.count / b.most - a.count / a.most);
    const [far] = over;
    if (far === undefined) return undefined;
    const isOver = far.count > far.most;
    return {
      state: isOver ? 'fail' : 'pass',
      because: `${over.map(({ what, count, most }) => `${countText(count, what)} changed, at most ${most}`).join('; ')}`,
      margin: far.most - far.count,
      distance: isOver ? (far.count - far.most) / far.most : 0,
      unit: 'count',
      parts: counted
        .toSorted((a, b) => b.added + b.removed - a.added - a.removed)
        .slice(0, 100)
        .map(({ path, added, removed }) => ({ part: path, observed: `+${added} -${removed}`, expected: '', off: '' })),
      evidence: [],
    };
  },
};
