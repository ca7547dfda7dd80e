import type { Problem, Result } from '../events/problem.ts';
import { ok } from '../events/problem.ts';
import { teller } from './acts.ts';
import type { Agent, AttemptOutcome, AttemptRequest, Retry, Session, StopReason } from './agent.ts';
import { type ClaudeResult, type ClaudeStream, emptyStream, readClaudeLine, sessionUsage } from './claude-events.ts';
import { findProgram, type ProgramEnd, runProgram } from './program.ts';
import { noUsage, plusUsage, usageSince } from './usage.ts';

const login = 'run `claude` once and log in, or set ANTHROPIC_API_KEY';

/** Claude Code, from the PATH or GYM_CLAUDE. Checked with 2.1.328. */
export function claudeAgent(env: NodeJS.ProcessEnv): Result<Agent> {
  const found = findProgram('claude', 'GYM_CLAUDE', 'npm install -g @anthropic-ai/claude-code', env);
  return found.ok ? ok({ name: 'claude', attempt: (request) => attempt(found.value, request) }) : found;
}

async function attempt(program: string, request: AttemptRequest): Promise<AttemptOutcome> {
  const { session, usdLeft, workspace } = request;
  const tell = teller(request);
  let stream = emptyStream;
  const args = ['-p', '--output-format', 'stream-json', '--verbose', '--permission-mode', 'bypassPermissions'];
  if (session !== null) args.push('--resume', session.id);
  // Counts from the start of this run, even in a session that goes on.
  if (usdLeft !== null) args.push('--max-budget-usd', Math.max(usdLeft, 0.0001).toFixed(4));
  const end = await runProgram({
    ...request,
    file: program,
    args,
    cwd: workspace,
    env: {
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
      // As root, it takes bypassPermissions only in what calls itself a sandbox.
      ...(process.getuid?.() === 0 ? { IS_SANDBOX: '1' } : {}),
    },
    input: request.prompt,
    // Unlike SIGTERM, it makes Claude close with a result, and so tell the cost.
    stopSignal: 'SIGINT',
    onLine: (line) => {
      stream = readClaudeLine(stream, line, workspace, tell);
    },
  });
  if (stream.malformed > 0) tell('fails', `${stream.malformed} lines of its output are no event that gym knows`);
  return outcomeOf(stream, end, request);
}

/** What a run came to. Failures of the model server arrive as `subtype: success` with `is_error`, so that decides. */
function outcomeOf(stream: ClaudeStream, end: ProgramEnd, request: AttemptRequest): AttemptOutcome {
  const { result } = stream;
  if (result === null) {
    const account = { usage: noUsage, session: request.session };
    if (request.signal.aborted) return { ...account, kind: 'aborted' };
    const how = end.exitCode === null ? 'was killed' : `ended with exit ${end.exitCode}`;
    const message = `claude ${how} without a result${end.tail === '' ? '' : `\n${end.tail}`}`;
    return { ...account, session: null, ...failure(message, 'once', request) };
  }
  const account = accountOf(result, request.session);
  if (request.signal.aborted) return { ...account, kind: 'aborted' };
  const said = result.result ?? result.errors.join('\n');
  const stopped = stopReason(result);
  if (stopped !== null) {
    // A conversation that no longer fits is not gone on with.
    const session = stopped === 'context' ? null : account.session;
    return { ...account, session, kind: 'stopped', why: stopped, detail: said };
  }
  if (!result.is_error) return { ...account, kind: 'claimed-done' };
  const status = result.api_error_status ?? 0;
  if (status === 401 || status === 403 || stream.error === 'authentication_failed') {
    return { ...account, ...failure(`claude: ${said}`, 'never', request, login) };
  }
  if (status === 429 || status >= 500) return { ...account, ...failure(`claude: ${said}`, 'later', request) };
  return { ...account, session: null, ...failure(`claude: ${said}`, 'once', request) };
}

function stopReason({ subtype, terminal_reason, stop_reason, is_error }: ClaudeResult): StopReason | null {
  if (subtype === 'error_max_turns') return 'turns';
  if (subtype === 'error_max_budget_usd') return 'budget';
  if (terminal_reason === 'prompt_too_long') return 'context';
  return stop_reason === 'refusal' && !is_error ? 'refused' : null;
}

/** Cost and tokens are cumulative for the session, turns are not. */
function accountOf(result: ClaudeResult, session: Session | null) {
  const before = session?.used ?? noUsage;
  const total = sessionUsage(result);
  const usage = { ...usageSince(total, { ...before, turns: null }), turns: result.num_turns };
  const used = { ...total, turns: plusUsage(before, usage).turns };
  return { usage, session: { id: result.session_id, used } };
}

function failure(message: string, retry: Retry, { logFile }: AttemptRequest, remedy?: string) {
  const problem: Problem = {
    kind: 'environment',
    message,
    place: { file: logFile },
    ...(remedy === undefined ? {} : { remedy }),
  };
  return { kind: 'failed', problem, retry } as const;
}
