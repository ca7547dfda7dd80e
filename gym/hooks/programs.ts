/** A coding agent whose program has hooks. */
export type ProgramName = 'claude' | 'codex' | 'gemini';

/**
 * What a hook of gym's is for. `stop`: the agent wants to stop. `edit`: it has edited a file. `guard`: it is about to.
 */
export type HookKind = 'stop' | 'edit' | 'guard';

/** One hook as the program's settings have it. */
export interface HookPlace {
  /** The program's name of the event. */
  readonly event: string;
  /** Pattern of the tools whose calls are meant. */
  readonly matcher?: string;
}

/** An agent's program and where its hooks are. */
export interface Program {
  readonly name: ProgramName;
  /** The settings that a checkout shares with everybody who works in it, relative to its top. */
  readonly settings: string;
  readonly places: Readonly<Record<HookKind, HookPlace>>;
  /** A time limit of 1 s as its settings write it. */
  readonly second: number;
  /** The variable that tells hooks the folder that the program was started in, where it has one. */
  readonly folderVariable?: string;
  /** How the program shows which hook it runs. */
  readonly label: (text: string) => Readonly<Record<string, string>>;
  /** What a person has to do before the program runs the hooks of a checkout. */
  readonly trust: string;
}

const claudeEdits = 'Edit|MultiEdit|Write|NotebookEdit';
const geminiEdits = 'replace|write_file';

/**
 * The programs, as they were tried: Claude Code 2.1.328 (https://docs.claude.com/en/docs/claude-code/hooks), Codex 0.169.0
 * (https://developers.openai.com/codex/hooks), Gemini CLI 0.61.0 (https://geminicli.com/docs/hooks/reference).
 */
export const programs: Readonly<Record<ProgramName, Program>> = {
  claude: {
    name: 'claude',
    settings: '.claude/settings.json',
    places: {
      stop: { event: 'Stop' },
      edit: { event: 'PostToolUse', matcher: claudeEdits },
      guard: { event: 'PreToolUse', matcher: claudeEdits },
    },
    second: 1,
    folderVariable: 'CLAUDE_PROJECT_DIR',
    label: (statusMessage) => ({ statusMessage }),
    trust: 'Claude Code runs them once you trust the folder, which it asks at its first start there.',
  },
  codex: {
    name: 'codex',
    settings: '.codex/hooks.json',
    places: {
      stop: { event: 'Stop' },
      edit: { event: 'PostToolUse', matcher: '^apply_patch$' },
      // A patch may also come as a command of the shell, which Codex carries out itself.
      guard: { event: 'PreToolUse', matcher: '^(apply_patch|Bash)$' },
    },
    second: 1,
    label: (statusMessage) => ({ statusMessage }),
    trust:
      'Codex skips them without a word until each person trusts them: start codex, /hooks, and again when they change.',
  },
  gemini: {
    name: 'gemini',
    settings: '.gemini/settings.json',
    places: {
      stop: { event: 'AfterAgent' },
      edit: { event: 'AfterTool', matcher: geminiEdits },
      guard: { event: 'BeforeTool', matcher: geminiEdits },
    },
    second: 1000,
    folderVariable: 'GEMINI_PROJECT_DIR',
    label: (name) => ({ name }),
    trust: 'Gemini CLI runs them in folders that you trust only (/permissions); not with --skip-trust.',
  },
};

/** Shell words for the top of the checkout, from wherever the program runs its hooks. */
export function topWords({ folderVariable }: Program): string {
  return folderVariable === undefined ? '"$(git rev-parse --show-toplevel)"' : `"$${folderVariable}"`;
}

/** The program of that name, if there is one. */
export function programNamed(name: string): Program | undefined {
  return Object.values(programs).find((program) => program.name === name);
}
