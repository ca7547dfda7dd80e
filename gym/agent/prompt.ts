/** What a prompt is made of. */
export interface PromptParts {
  /** Text of the task's instruction file. */
  readonly instruction: string;
  readonly attempt: number;
  /** Attempts that the loop allows. */
  readonly attempts: number;
  /** The last verdict in terse words. */
  readonly verdict: string;
  /** Files that a verification takes from elsewhere, in words. */
  readonly protectedFiles: readonly string[];
  /** The agent goes on in a conversation that has the instruction already. */
  readonly continues: boolean;
}

/** The words that an agent begins an attempt with. */
export function promptFor(parts: PromptParts): string {
  const { attempt, attempts, verdict, continues } = parts;
  const judged = attempt === 1 ? 'The workspace as it is now was judged:' : 'Your last attempt was judged:';
  const last = `${judged}\n\n${verdict.trim()}\n`;
  if (continues) return `${last}\nGo on with the task. This is attempt ${attempt} of at most ${attempts}.\n`;
  return `${parts.instruction.trim()}\n\n---\n\n${rules(parts)}\n\n${last}`;
}

function rules({ attempt, attempts, protectedFiles }: PromptParts): string {
  const untouched =
    protectedFiles.length === 0
      ? ''
      : `\nThese files are taken from elsewhere when it is judged, so changing them has no effect: ${protectedFiles.join(', ')}.`;
  return `The current folder is your workspace. This is attempt ${attempt} of at most ${attempts}. When you stop, the workspace is judged; only that verdict counts.${untouched}`;
}
