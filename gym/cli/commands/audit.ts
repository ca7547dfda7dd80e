import { findingText } from '../../api/as-written.ts';
import { storesHere } from '../../api/stores.ts';
import type { Problem } from '../../events/problem.ts';
import { countText } from '../../judge/text.ts';
import { type Audit, auditStore, type Finding } from '../../store/audit.ts';
import { openHistory } from '../../store/history.ts';
import type { Store } from '../../store/store.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';

/** `gym verify --audit`: whether the verdicts that are here are those that gym wrote. 0: all are; 1: not; 3: nothing vouches for some. */
export async function audit({ cwd, stdout }: Context, args: Arguments): Promise<CommandEnd> {
  const stores = storesHere(cwd);
  if (stores.length === 0) return [{ kind: 'usage', message: 'nothing has been verified here yet' }];
  const audits: Audit[] = [];
  for (const store of stores) {
    const audited = auditOf(store);
    if ('kind' in audited) return [audited];
    audits.push(audited);
  }
  const findings = audits.flatMap((each) => each.findings);
  const exitCode = findings.some(({ what }) => what !== 'unvouched') ? 1 : findings.length > 0 ? 3 : 0;
  const json = { schema: 'gym.audit/1', exitCode, audits };
  stdout.write(
    args.text('json') === undefined ? audits.map(auditText).join('\n') : `${JSON.stringify(json, null, 2)}\n`,
  );
  return exitCode;
}

/** Whatever was done to the database, an audit tells of it. */
function auditOf(store: Store): Audit | Problem {
  try {
    const history = openHistory(store);
    try {
      return auditStore(store, history);
    } finally {
      history.close();
    }
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    return { kind: 'evidence', message: `the history cannot be read: ${why}`, place: { file: store.historyFile } };
  }
}

function auditText({ directory, links, verdicts, collected, findings, notes }: Audit): string {
  const gone = collected === 0 ? '' : `, ${countText(collected, 'run')} removed by gym gc`;
  const what = `${countText(verdicts, 'verdict')} in ${countText(links, 'link')}${gone}`;
  const lines = [...findings.map(lineOf), ...notes.map((note) => `note: ${note}`)];
  const [first] = findings;
  const head = first === undefined ? `WHOLE  ${directory}: ${what}` : `${headWord(findings)}  ${directory}: ${what}`;
  const remedy = findings.some(({ run }) => run === null) ? [`to begin anew: remove ${directory}`] : [];
  return `${[head, ...lines, ...remedy].join('\n')}\n`;
}

const headWord = (findings: readonly Finding[]): string =>
  findings.every(({ what }) => what === 'unvouched') ? 'NOT VOUCHED FOR' : 'NOT WHOLE';

const lineOf = (finding: Finding): string => `${finding.what}: ${findingText(finding)}`;
