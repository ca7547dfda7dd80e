import { failed } from '../events/problem.ts';
import { teller } from './acts.ts';
import type { Agent, AttemptOutcome, AttemptRequest } from './agent.ts';
import { type ProgramEnd, runProgram } from './program.ts';
import { noUsage } from './usage.ts';

/** Lines of a command that are shown; the log has them all. */
const shownLines = 500;

/**
 * Any program as an agent: run by `sh -c` in the workspace with the prompt on its standard input. GYM_PROMPT_FILE and
 * GYM_VERDICT_FILE name the prompt and the last verdict (JSON), GYM_ATTEMPT counts from 1. Exit 0 claims to be done; any
 * other is a failure.
 */
export function commandAgent(command: string): Agent {
  return { name: `command:${command}`, attempt: (request) => attempt(command, request) };
}

async function attempt(command: string, request: AttemptRequest): Promise<AttemptOutcome> {
  const tell = teller(request);
  tell('runs', command);
  let shown = 0;
  const end = await runProgram({
    ...request,
    file: 'sh',
    args: ['-c', command],
    cwd: request.workspace,
    env: {
      GYM_PROMPT_FILE: request.promptFile,
      GYM_VERDICT_FILE: request.verdictFile,
      GYM_ATTEMPT: String(request.attempt),
    },
    input: request.prompt,
    stopSignal: 'SIGTERM',
    onLine: (line) => {
      shown += 1;
      if (shown <= shownLines) tell('says', line);
    },
  });
  const account = { usage: noUsage, session: null };
  if (request.signal.aborted) return { ...account, kind: 'aborted' };
  if (end.exitCode === 0) return { ...account, kind: 'claimed-done' };
  return { ...account, kind: 'failed', ...failureOf(end, command, request.logFile) };
}

function failureOf({ exitCode, tail }: ProgramEnd, command: string, logFile: string) {
  const how = exitCode === null ? 'was killed' : `ended with exit ${exitCode}`;
  // What a shell says of a command that is not there or is no program.
  const retry = exitCode === 126 || exitCode === 127 ? 'never' : 'once';
  const { problems } = failed({
    kind: 'environment',
    message: `the agent's command ${how}: ${command}${tail === '' ? '' : `\n${tail}`}`,
    place: { file: logFile },
  });
  return { problem: problems[0], retry } as const;
}
