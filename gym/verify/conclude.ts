import { sumUp } from '../judge/judge.ts';
import { askedText, exitCodeOf, isGreen, problemExitCodes, type Verdict, worst } from '../judge/verdict.ts';
import type { Findings } from './findings.ts';
import { strictly } from './proof.ts';
import type { VerifyRequest } from './request.ts';

/** What all checks of a run come to. */
export type Conclusion = Pick<Verdict, 'state' | 'distance' | 'headline' | 'exitCode'>;

/**
 * A problem makes a pass unknown. A failure that was seen stays one, but for a problem of the environment: what was lost
 * with it may be why something failed, so that is unknown too.
 */
export function conclude(
  stages: Verdict['stages'],
  { checks, problems, canary, unguarded }: Findings,
  { signal, strict }: { readonly signal: AbortSignal; readonly strict: boolean },
): Conclusion {
  if (signal.aborted)
    return { state: 'unknown', distance: null, headline: 'it was stopped before it could be judged', exitCode: 130 };
  const summed = strict && canary === undefined ? strictly(sumUp(stages, checks), checks) : sumUp(stages, checks);
  const isGo = canary !== undefined && isGreen(summed.state);
  const open = unguarded !== undefined && isGreen(summed.state) ? `; unguarded: ${unguarded}` : '';
  const judged = { ...summed, headline: isGo ? `${canary.call}, as ${canary.because}` : summed.headline + open };
  const [worstProblem] = [...problems].sort((a, b) => problemExitCodes[b.kind] - problemExitCodes[a.kind]);
  if (worstProblem === undefined) return { ...judged, exitCode: exitCodeOf(judged.state) };
  const lost = problems.some(({ kind }) => kind === 'environment') || checks.length === 0;
  const state = lost ? 'unknown' : worst([judged.state, 'unknown']);
  return {
    state,
    distance: state === judged.state ? judged.distance : null,
    headline: state === judged.state ? judged.headline : (worstProblem.message.split('\n')[0] ?? ''),
    exitCode: lost ? problemExitCodes[worstProblem.kind] : exitCodeOf(state),
  };
}

/** Of a part of the task, the sentence that is read first says so. */
export function partly(conclusion: Conclusion, request: VerifyRequest): Conclusion {
  return { ...conclusion, headline: `${askedText(request)}${conclusion.headline}` };
}

/** Says of a pass what of it was not run again. */
export function withCached(conclusion: Conclusion, stages: Verdict['stages']): Conclusion {
  const cached = stages.flatMap((stage) => stage.cached ?? []);
  const runs = [...new Set(cached.map(({ run }) => run))];
  if (cached.length === 0 || !isGreen(conclusion.state)) return conclusion;
  const what = cached.length === stages.length ? '' : `${cached.length} of ${stages.length} stages `;
  return { ...conclusion, headline: `${conclusion.headline}; ${what}cached from run ${runs.join(', ')}` };
}
