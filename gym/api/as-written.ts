import { auditRun, type Finding } from '../store/audit.ts';
import { openHistory } from '../store/history.ts';
import type { NamedRun } from './run-named.ts';

/** What an audit found, in one line: the run and the file first. */
export function findingText({ run, file, because }: Finding): string {
  const where = [run ?? 'the chain', ...(file === null ? [] : [file])].join(' ');
  return `${where}: ${because}`;
}

/** What of a run, and of the loop by whose name it was asked for, is not as gym wrote it, in one line; `undefined`: all is. */
export function wrongOf({ store, row, verdictOf }: NamedRun): string | undefined {
  const history = openHistory(store);
  try {
    const judged = row.run === verdictOf ? undefined : history.find(verdictOf);
    const rows = [row, ...(judged === undefined ? [] : [judged])];
    return notAsWritten(rows.flatMap((each) => auditRun(store, history, each)));
  } finally {
    history.close();
  }
}

function notAsWritten(findings: readonly Finding[]): string | undefined {
  const [first, ...others] = findings.filter(({ what }) => what !== 'unvouched');
  if (first === undefined) return undefined;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return `NOT AS GYM WROTE IT: ${first.what} ${findingText(first)}${more}; gym verify --audit`;
}
