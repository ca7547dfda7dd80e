import { ok, type Problem, type Result } from '../events/problem.ts';
import { teller } from './acts.ts';
import type { Agent, AttemptOutcome, AttemptRequest, Retry } from './agent.ts';
import { type CodexStream, emptyStream, readCodexLine } from './codex-events.ts';
import { findProgram, type ProgramEnd, runProgram } from './program.ts';
import { noUsage, usageSince } from './usage.ts';

const login = 'run `codex login`, or set CODEX_API_KEY';

/** Codex, from the PATH or GYM_CODEX. Checked with 0.169.0. */
export function codexAgent(env: NodeJS.ProcessEnv): Result<Agent> {
  const found = findProgram('codex', 'GYM_CODEX', 'npm install -g @openai/codex', env);
  return found.ok ? ok({ name: 'codex', attempt: (request) => attempt(found.value, request) }) : found;
}

async function attempt(program: string, request: AttemptRequest): Promise<AttemptOutcome> {
  const { session, workspace } = request;
  const tell = teller(request);
  let stream = emptyStream;
  const flags = ['--json', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox'];
  const end = await runProgram({
    ...request,
    file: program,
    args: session === null ? ['exec', ...flags, '-'] : ['exec', 'resume', ...flags, session.id, '-'],
    cwd: workspace,
    env: {},
    input: request.prompt,
    stopSignal: 'SIGINT',
    onLine: (line) => {
      stream = readCodexLine(stream, line, workspace, tell);
    },
  });
  if (stream.malformed > 0) tell('fails', `${stream.malformed} lines of its output are no event that gym knows`);
  return outcomeOf(stream, end, request);
}

function outcomeOf(stream: CodexStream, end: ProgramEnd, request: AttemptRequest): AttemptOutcome {
  const before = request.session?.used ?? noUsage;
  // The use of a thread is cumulative; a turn that failed tells none.
  const used = stream.used ?? before;
  const session = stream.thread === null ? null : { id: stream.thread, used };
  const account = { usage: usageSince(used, before), session };
  if (request.signal.aborted) return { ...account, kind: 'aborted' };
  if (end.exitCode === 0 && stream.used !== null) return { ...account, kind: 'claimed-done' };
  const how = end.exitCode === null ? 'was killed' : `ended with exit ${end.exitCode}`;
  const said = stream.failure ?? `it ${how} without a result${end.tail === '' ? '' : `\n${end.tail}`}`;
  const kind = kindOf(said);
  if (kind === 'context') return { ...account, session: null, kind: 'stopped', why: 'context', detail: said };
  const problem: Problem = {
    kind: 'environment',
    message: `codex: ${said}`,
    place: { file: request.logFile },
    ...(kind === 'never' ? { remedy: login } : {}),
  };
  return { ...account, session: kind === 'once' ? null : session, kind: 'failed', problem, retry: kind };
}

/** Codex tells failures of the model server in words only. */
function kindOf(message: string): Retry | 'context' {
  if (/context (window|length)|context_length|too long/i.test(message)) return 'context';
  if (/\b40[13]\b|unauthori[sz]ed|not logged in|api key/i.test(message)) return 'never';
  if (/\b429\b|rate limit|\b5\d\d\b|overloaded|at capacity|stream disconnected/i.test(message)) return 'later';
  return 'once';
}
