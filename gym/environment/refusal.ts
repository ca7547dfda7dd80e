/** Why the engine could not start a command, in the words that shells have for it. */
export interface Refusal {
  /** 127: there is no such command; 126: it cannot be run. */
  readonly exitCode: 126 | 127;
  readonly message: string;
}

const beginning = 'OCI runtime exec failed: ';
const longest = 4096;

/** What an engine says when it cannot start a command; its own exit code is 126 for all of it. */
export function refusalOf(said: string): Refusal {
  const why = /exec: (".*?)(?:: unknown)?\s*$/s.exec(said)?.[1] ?? said.trim();
  const isMissing = /executable file not found in \$PATH|^"[^"]*": stat .*: no such file or directory$/.test(why);
  return { exitCode: isMissing ? 127 : 126, message: why };
}

/**
 * Takes a command's standard output and hands it on, but for what may be the engine's word that it could not start the command: that comes
 * in place of the output.
 */
export class Refusable {
  readonly #handOn: (bytes: Uint8Array) => void;
  #held: Buffer | undefined = Buffer.alloc(0);

  constructor(handOn: (bytes: Uint8Array) => void) {
    this.#handOn = handOn;
  }

  take(bytes: Uint8Array): void {
    if (this.#held === undefined) {
      this.#handOn(bytes);
      return;
    }
    this.#held = Buffer.concat([this.#held, bytes]);
    const said = this.#held.toString('latin1');
    if (said.length < longest && (said.startsWith(beginning) || beginning.startsWith(said))) return;
    this.#handOnHeld();
  }

  /** At the end of the output. `hasStarted`: whether the command ever had a process. */
  end(hasStarted: boolean): Refusal | undefined {
    const said = this.#held?.toString('utf8') ?? '';
    if (!hasStarted && said.startsWith(beginning)) return refusalOf(said);
    this.#handOnHeld();
    return undefined;
  }

  #handOnHeld(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined && held.length > 0) this.#handOn(held);
  }
}
