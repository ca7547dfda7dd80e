import { constants } from 'node:os';

/** Ctrl-C and SIGTERM as an abort signal; a second one, at least a second later, ends the process at once. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** Asks for an end as that signal would. */
  readonly interrupt: (name: Signal) => void;
  /** 128 + the signal's number once interrupted. */
  exitCode(): number | undefined;
  stop(): void;
}

const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** SIGPIPE is not listened for: Node tells of a broken pipe by an error of the stream. */
type Signal = (typeof names)[number] | 'SIGPIPE';
/** npm sends a second SIGINT along with the terminal's: within this time it counts once. */
const duplicateMs = 1000;

/**
 * Listens for the signals that ask a process to end. A process that another one has given a channel ends with it as well, as with a
 * terminal: so it does not outlive one that was killed.
 */
export function interruption(process: NodeJS.Process): Interruption {
  const controller = new AbortController();
  let first: { name: Signal; at: number } | undefined;
  const on = (name: Signal): void => {
    if (first === undefined) {
      first = { name, at: performance.now() };
      controller.abort(new Error(`interrupted by ${name}`));
      return;
    }
    if (performance.now() - first.at < duplicateMs) return;
    process.stderr.write('stopped at once; the next gym command removes what was left\n');
    process.exit(128 + constants.signals[name]);
  };
  const onDisconnect = (): void => {
    if (first === undefined) on('SIGHUP');
  };
  for (const name of names) process.on(name, on);
  process.on('disconnect', onDisconnect);
  // To listen must not keep it from ending.
  process.channel?.unref();
  return {
    signal: controller.signal,
    interrupt: on,
    exitCode: () => (first === undefined ? undefined : 128 + constants.signals[first.name]),
    stop: () => {
      for (const name of names) process.off(name, on);
      process.off('disconnect', onDisconnect);
    },
  };
}
