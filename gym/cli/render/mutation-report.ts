import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Cell, Matrix, ProvingFault } from '../../prove/matrix.ts';
import type { ProofReport } from '../../prove/prove.ts';
import type { Outcome } from '../../store/proofs.ts';

/** Schema: mutation-testing-report-schema 3 (npm). Checks stand as tests, faults as mutants. */
interface MutationReport {
  readonly schemaVersion: '2';
  readonly thresholds: { readonly high: number; readonly low: number };
  readonly projectRoot: string;
  readonly files: Readonly<Record<string, FileReport>>;
  readonly testFiles: Readonly<Record<string, { readonly tests: readonly { id: string; name: string }[] }>>;
}
interface FileReport {
  readonly language: string;
  readonly source: string;
  readonly mutants: readonly Mutant[];
}
interface Mutant {
  readonly id: string;
  readonly mutatorName: string;
  readonly description: string;
  readonly location: { readonly start: Position; readonly end: Position };
  readonly status: 'Killed' | 'Survived' | 'NoCoverage' | 'Timeout' | 'Ignored' | 'RuntimeError';
  readonly statusReason: string;
  readonly killedBy: readonly string[];
  readonly coveredBy: readonly string[];
}
interface Position {
  readonly line: number;
  readonly column: number;
}

/** The matrix in the format that reporters of mutation tests read. */
export function mutationReport({ matrix, task }: ProofReport): MutationReport {
  const tiers = Map.groupBy(matrix.faults, ({ tier }) => tier);
  const files = [...tiers].map(([tier, faults]): [string, FileReport] => [
    tier,
    {
      language: 'text',
      // One line a fault: tampering has no source of its own.
      source: faults.map(({ name, what }) => `${name}: ${what}`).join('\n'),
      mutants: faults.map((fault, index) => mutantOf(fault, index + 1, matrix)),
    },
  ]);
  const tests = matrix.checks.map(({ name }) => ({ id: name, name }));
  return {
    schemaVersion: '2',
    thresholds: { high: 100, low: 80 },
    projectRoot: task,
    files: Object.fromEntries(files),
    testFiles: { [`checks of ${task}`]: { tests } },
  };
}

function mutantOf(fault: ProvingFault, line: number, { cells }: Matrix): Mutant {
  const own = cells.filter((cell) => cell.fault === fault.name);
  const killedBy = own.filter(({ outcome }) => outcome === 'killed').map(({ check }) => check);
  const coveredBy = own.map(({ check }) => check);
  const length = `${fault.name}: ${fault.what}`.length + 1;
  return {
    id: fault.name,
    mutatorName: fault.tier,
    description: fault.what,
    location: { start: { line, column: 1 }, end: { line, column: length } },
    status: statusOf(own),
    statusReason: own.map(({ check, outcome, because }) => `${check} ${outcome}: ${because}`).join('\n'),
    killedBy,
    coveredBy,
  };
}

const statuses: readonly (readonly [Outcome, Mutant['status']])[] = [
  ['killed', 'Killed'],
  ['survived', 'Survived'],
  ['timeout', 'Timeout'],
  ['unknown', 'RuntimeError'],
  ['not-activated', 'Ignored'],
  ['ignored', 'Ignored'],
];

/** One check that noticed it is enough. */
function statusOf(cells: readonly Cell[]): Mutant['status'] {
  const found = statuses.find(([outcome]) => cells.some((cell) => cell.outcome === outcome));
  return found?.[1] ?? 'NoCoverage';
}

/** The build puts it beside the program; its chunks are a folder below. */
function elementsFile(): string {
  const places = ['./', '../', '../../../dist/'].map((folder) =>
    fileURLToPath(new URL(`${folder}mutation-test-elements.js`, import.meta.url)),
  );
  return places.find((file) => existsSync(file)) ?? places[0] ?? '';
}

/** The report as one page that needs nothing else, with the elements of mutation-testing-elements (npm) in it. */
export async function mutationPage(report: ProofReport): Promise<string> {
  const elements = await readFile(elementsFile(), 'utf8');
  // A script may not hold the end of one.
  const data = JSON.stringify(mutationReport(report)).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Proof of ${report.task}</title></head>
<body><mutation-test-report-app title-postfix="${report.task}"></mutation-test-report-app>
<script>${elements.replaceAll('</script', '<\\/script')}</script>
<script>document.querySelector('mutation-test-report-app').report = ${data};</script>
</body></html>
`;
}
