import { amountText, countText } from '../judge/text.ts';
import { type FileChange, isPointer } from '../workspace/changes.ts';
import { globsWith, isMeant } from './attributes.ts';
import { type Guard, judgeBreaches } from './guard.ts';

/** No large binary file is added, and none grows large. */
export const binaries: Guard = {
  name: 'binaries',
  claim: 'no large binary file is added',
  remedy: 'leave it out of the repository, or keep it in Git LFS',
  judge({ changes, others, settings }) {
    const written = changes.filter(({ after }) => after !== undefined);
    if (written.length === 0) return undefined;
    const { maxBytes } = settings.binaries;
    const kept = globsWith({ changes, others }, /^filter=lfs$/);
    const wasMoved = (bytes: number): boolean =>
      changes.some(({ before, after }) => after === undefined && before?.bytes === bytes);
    const isOver = ({ path, before, after }: FileChange): boolean =>
      after?.isBinary === true &&
      after.bytes > Math.max(maxBytes, before?.bytes ?? 0) &&
      !isMeant(path, kept) &&
      (before === undefined || !isPointer(before)) &&
      !wasMoved(after.bytes);
    const breaches = written
      .filter(isOver)
      .map(({ path, after }) => ({ file: path, what: `is binary, ${amountText(after?.bytes ?? 0, 'bytes')}` }));
    const held = `${countText(written.length, 'changed file')}, no binary one above ${amountText(maxBytes, 'bytes')}`;
    return judgeBreaches(breaches, written.length, held, `above ${amountText(maxBytes, 'bytes')}`);
  },
};
