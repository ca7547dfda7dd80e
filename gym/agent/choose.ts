import { join } from 'node:path';
import { failed, ok, type Result } from '../events/problem.ts';
import type { Task } from '../task/schema.ts';
import { nearOrKnown } from '../task/suggest.ts';
import { patchesOf } from '../workspace/patch.ts';
import type { Agent } from './agent.ts';
import { claudeAgent } from './claude.ts';
import { codexAgent } from './codex.ts';
import { commandAgent } from './command.ts';
import { oracleAgent } from './oracle.ts';

/** The agent that `--agent` names: `oracle`, `claude`, `codex` or `command:…`. A program that is not there is a problem now. */
export function chooseAgent(choice: string, task: Task, env: NodeJS.ProcessEnv): Result<Agent> {
  if (choice === 'oracle') return ok(oracleAgent(task));
  if (choice === 'claude') return claudeAgent(env);
  if (choice === 'codex') return codexAgent(env);
  const command = /^command:(.*)$/s.exec(choice)?.[1]?.trim() ?? '';
  if (command !== '') return ok(commandAgent(command));
  return failed({
    kind: 'usage',
    message: choice.startsWith('command:') ? 'the command is empty' : `there is no agent ${choice}`,
    remedy: nearOrKnown(choice.split(':')[0] ?? '', 'agents', ['oracle', 'claude', 'codex', "command:'…'"]),
  });
}

/** Why an agent that has a name cannot work at a task, in a few words; null where it can. */
export function lackOf(choice: 'oracle' | 'claude' | 'codex', root: string, env: NodeJS.ProcessEnv): string | null {
  if (choice === 'oracle') return patchesOf(join(root, 'solution')).length > 0 ? null : 'no solution/';
  const found = choice === 'claude' ? claudeAgent(env) : codexAgent(env);
  return found.ok ? null : 'not installed';
}
