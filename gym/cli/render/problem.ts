import { type Problem, placeText } from '../../events/problem.ts';
import type { Paint } from './style.ts';

/** A problem with its place and remedy. */
export function problemText(problem: Problem, paint: Paint): string {
  const where = placeText(problem.place);
  const lines = [`${paint('red', 'error')}${where === '' ? '' : ` ${where}`}: ${problem.message}`];
  return [...lines, ...(problem.remedy === undefined ? [] : [`  ${problem.remedy}`])].join('\n');
}
