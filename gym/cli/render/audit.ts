import type { Finding } from '../../store/audit.ts';

/** What an audit found, in one line: the run and the file first. */
export function findingText({ run, file, because }: Finding): string {
  const where = [run ?? 'the chain', ...(file === null ? [] : [file])].join(' ');
  return `${where}: ${because}`;
}

/** Of the findings of one run, those that say that it is not as gym wrote it, in one line; `undefined`: there are none. */
export function notAsWritten(findings: readonly Finding[]): string | undefined {
  const [first, ...others] = findings.filter(({ what }) => what !== 'unvouched');
  if (first === undefined) return undefined;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return `NOT AS GYM WROTE IT: ${first.what} ${findingText(first)}${more}; gym verify --audit`;
}
