import { constants } from 'node:os';
import type { Death, ExecOutcome } from '../environment/environment.ts';
import { shareText } from '../judge/text.ts';
import { type Case, countCases } from './cases.ts';

/** What was found where the stage should have reported its cases. */
export type Found =
  | { readonly kind: 'undeclared' }
  | { readonly kind: 'cases'; readonly path: string; readonly cases: readonly Case[] }
  | { readonly kind: 'missing'; readonly path: string }
  | { readonly kind: 'unparseable'; readonly path: string; readonly because: string }
  /** It could not be looked for: the engine is gone, or an old file could not be removed. */
  | { readonly kind: 'unreadable'; readonly because: string };

/** All that a stage is judged by. */
export interface StageFacts {
  readonly ended: ExecOutcome;
  /** Services that died while it ran, or had ended by themselves before. */
  readonly deaths: readonly Death[];
  /** The end of the log of the first of them. */
  readonly crashLines: string;
  readonly found: Found;
  readonly timeoutSeconds: number;
  /** The end of its output. */
  readonly lastLines: string;
}

/** State of a stage, and why in one sentence; the log's last lines may follow on lines of their own. */
export interface StageJudgement {
  readonly state: 'pass' | 'fail' | 'unknown' | 'vacuous';
  readonly because: string;
}

const unknown = (because: string): StageJudgement => ({ state: 'unknown', because });
const fail = (because: string): StageJudgement => ({ state: 'fail', because });

/**
 * Judges a stage. What was done to it from outside (a kill, an engine that went away) makes it unknown; what its own code
 * did makes it fail; and it passes only where something ran and all that tells says so.
 */
export function judgeStage(facts: StageFacts): StageJudgement {
  const { ended, deaths, found } = facts;
  if (ended.kind === 'aborted') return unknown('stopped before it ended');
  const died = judgeDeaths(deaths, facts.crashLines);
  if (died !== undefined) return died;
  if (ended.kind === 'lost') return unknown(ended.because);
  if (ended.kind === 'timed-out') {
    return fail(withOutput(`timed out after ${facts.timeoutSeconds} s (timeoutSeconds)${failedOf(found)}`, facts));
  }
  return judgeExit(facts, ended.exitCode, found);
}

/** Judges a stage by the services that died; `undefined`: none did. `crashLines` as in the facts. */
export function judgeDeaths(deaths: readonly Death[], crashLines: string): StageJudgement | undefined {
  const killed = deaths.find((death) => death.how !== 'exited');
  if (killed !== undefined) return unknown(deathText(killed));
  const [death] = deaths;
  if (death === undefined) return undefined;
  const told = crashLines === '' ? '; it printed nothing' : `; the end of its log:\n${crashLines}`;
  return fail(deathText(death) + told);
}

function judgeExit(facts: StageFacts, exitCode: number, found: Found): StageJudgement {
  const code = exitText(exitCode);
  switch (found.kind) {
    case 'undeclared':
      return exitCode === 0 ? { state: 'pass', because: code } : fail(withOutput(code, facts));
    case 'unreadable':
      return unknown(found.because);
    case 'unparseable':
      return unknown(`${found.path} cannot be read: ${found.because} (${code})`);
    case 'missing':
      // It may not even have compiled: that is to be repaired. With exit code 0 it judged nothing and says nothing.
      return exitCode === 0
        ? unknown(`${code}, but it wrote no ${found.path}`)
        : fail(withOutput(`${code} before it wrote ${found.path}`, facts));
    case 'cases':
      return judgeCases(facts, exitCode, found.path, found.cases);
  }
}

function judgeCases(facts: StageFacts, exitCode: number, path: string, cases: readonly Case[]): StageJudgement {
  const { passed, failed, skipped } = countCases(cases);
  const code = exitText(exitCode);
  if (failed > 0) return fail(failedText(cases));
  if (passed === 0) {
    const listed = skipped === 0 ? `${path} lists none` : `all ${skipped} in ${path} were skipped`;
    return { state: 'vacuous', because: `no case ran: ${listed} (${code})` };
  }
  if (exitCode !== 0) return fail(withOutput(`${code}, although no case in ${path} failed (${passed} passed)`, facts));
  return { state: 'pass', because: `${passed} passed${skipped === 0 ? '' : `, ${skipped} skipped`}` };
}

function failedText(cases: readonly Case[]): string {
  const failed = cases.filter((one) => one.state === 'failed');
  const named = failed.slice(0, 3).map((one) => one.id);
  const more = failed.length > named.length ? ` and ${failed.length - named.length} more` : '';
  return `${shareText(failed.length, cases.length, 'case')} failed: ${named.join('; ')}${more}`;
}

const failedOf = (found: Found): string =>
  found.kind === 'cases' && countCases(found.cases).failed > 0 ? `; until then ${failedText(found.cases)}` : '';

function deathText({ service, exitCode, how }: Death): string {
  if (how === 'out-of-memory') return `service ${service} ran out of memory and was killed (${exitText(exitCode)})`;
  if (how === 'killed') return `service ${service} was killed from outside (${exitText(exitCode)})`;
  return `service ${service} ended by itself (${exitText(exitCode)})`;
}

/** Codes above 128 are how shells and engines tell a signal. */
function exitText(exitCode: number): string {
  const name = Object.entries(constants.signals).find(([, number]) => exitCode === 128 + number)?.[0];
  return `exit code ${exitCode}${name === undefined ? '' : `, ${name}`}`;
}

const withOutput = (because: string, { lastLines }: StageFacts): string =>
  lastLines === '' ? `${because}; it printed nothing` : `${because}; its last output:\n${lastLines}`;
