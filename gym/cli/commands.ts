import type { Command } from './command.ts';
import { agentCommands } from './table/agents.ts';
import { environmentCommands } from './table/environment.ts';
import { gymCommands } from './table/gym.ts';
import { judgeCommands } from './table/judge.ts';
import { lookBackCommands } from './table/look-back.ts';

/** The command table: the only list of commands; help is made from it. */
export const commands: readonly Command[] = [
  ...judgeCommands,
  ...environmentCommands,
  ...lookBackCommands,
  ...agentCommands,
  ...gymCommands,
];
