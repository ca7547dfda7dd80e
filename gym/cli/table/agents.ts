import type { Command } from '../command.ts';

/** Commands that fit gym to an agent. */
export const agentCommands: readonly Command[] = [
  {
    name: 'hooks',
    group: 'agents',
    usage: 'hooks [install|uninstall claude|codex|gemini|git [TASK]]',
    summary: 'have an agent sent back until its task is done, and pushes judged, by hooks of their programs',
    examples: [
      ['gym hooks install claude', 'in .claude/settings.json, beside what is there: stop, edit and guard hooks'],
      ['gym hooks install git shuffle', 'pre-commit: quick stages; pre-push: the whole verification'],
      ['gym hooks', 'what is installed where'],
    ],
    options: {},
    positionals: { least: 0, most: 3 },
    load: () => import('../commands/hooks.ts'),
  },
  {
    name: 'mcp',
    group: 'agents',
    usage: 'mcp',
    summary: "serve verify, show, logs and more to an agent's program, by the Model Context Protocol",
    examples: [['gym mcp', "an agent's program starts it; docs/mcp.md has the line for each"]],
    options: {},
    positionals: { least: 0, most: 0 },
    load: () => import('../commands/mcp.ts'),
  },
  {
    name: 'docs',
    group: 'agents',
    usage: 'docs [TASK] [--skill] [--write FILE] [--check]',
    summary: 'write what an agent must know of a task into AGENTS.md, between marks',
    examples: [
      ['gym docs shuffle', 'a section of AGENTS.md; what is outside of its marks stays as it is'],
      ['gym docs shuffle --write CLAUDE.md', 'the same in another file'],
      ['gym docs shuffle --skill', 'a skill, .agents/skills/gym-shuffle/SKILL.md'],
      ['gym docs shuffle --check', 'exit code 1 where the task says something else by now'],
    ],
    options: {
      skill: { kind: 'flag', help: 'a skill that is read when it is needed, not in every session' },
      write: { kind: 'text', value: 'FILE', help: 'into this file' },
      check: { kind: 'flag', help: 'write nothing; exit code 1 where a section is missing or out of date' },
    },
    positionals: { least: 0, most: 1 },
    load: () => import('../commands/docs.ts'),
  },
];
