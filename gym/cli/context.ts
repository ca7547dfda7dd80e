import type { Listener } from '../events/log.ts';
import type { Problem } from '../events/problem.ts';

/** One of the process's output streams. */
export interface Output {
  readonly isTty: boolean;
  readonly hasColour: boolean;
  /** Width of the terminal; undefined: not a terminal, nothing is cut. */
  readonly columns: number | undefined;
  write(text: string | Uint8Array): void;
}

/** The terminal UI while it is open. */
export interface Screen {
  readonly listener: Listener;
  /** Resolves when the person has left it. */
  readonly closed: Promise<unknown>;
  close(): void;
}

/** What a command gets from the process that it runs in. */
export interface Context {
  /** gym's own. */
  readonly version: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether a coding agent runs this, as its environment variables tell. Its terminal counts as none. */
  readonly isAgent: boolean;
  readonly stdin: { readonly isTty: boolean };
  /** Results. */
  readonly stdout: Output;
  /** Progress and problems. */
  readonly stderr: Output;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** Asks for an end as Ctrl-C does. */
  readonly interrupt: () => void;
  /** Hear the events of a verification, besides those who show them. */
  readonly listeners?: readonly Listener[];
  /** Opens the terminal UI; `onQuit` is called when the person asks to stop the work. Loaded only when called. */
  readonly openScreen: (onQuit: () => void) => Promise<Screen>;
  /** Serves MCP on the standard streams until they are closed. Loaded only when called. */
  readonly serveMcp: (context: Context) => Promise<void>;
}

/** How a command ended: its exit code, or the problems that kept it from doing anything. */
export type CommandEnd = number | readonly [Problem, ...Problem[]];
