import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';
import type { Caller } from '../../api/caller.ts';
import { entryFile } from '../../task/entry.ts';

/** What a verification tells the watch that started it: its run has begun; with the name of the task. */
const begunMessage = z.object({ begun: z.string() });
export type BegunMessage = z.infer<typeof begunMessage>;

/** What a watch tells a verification: to begin, or to say no more, as a save has made it stale. */
export type Word = 'go' | 'hush';

/** Who hears how the verifications of a watch go. */
export interface RunsListener {
  /** The first row of a run has been written. */
  onBegun(task: string): void;
  /** The one that ran has ended by itself. */
  onEnded(): void;
}

/**
 * The verifications of a watch. Each is a gym of its own, so that it loads the task as it is by then; while one runs the next is started, which loads
 * all its code and waits to be told.
 *
 *     loading ──► waiting ──next()──► running ──► ended
 *                                        └──next()──► stale, silent ──the next has begun──► stopped
 */
export class Runs {
  readonly #caller: Caller;
  readonly #words: readonly string[];
  readonly #listener: RunsListener;
  readonly #living = new Set<ChildProcess>();
  readonly #stale: ChildProcess[] = [];
  readonly #stopped = new WeakSet<ChildProcess>();
  #running: ChildProcess | undefined;
  #waiting: ChildProcess | undefined;
  /** Of the one that runs. */
  #hasBegun = false;
  #hasEnded = false;

  /** `words`: what each is asked, as on the command line. */
  constructor({ cwd, env }: Caller, words: readonly string[], listener: RunsListener) {
    this.#caller = { cwd, env };
    this.#words = words;
    this.#listener = listener;
  }

  /** Lets the next one go. Gives whether one ran, which is silent from here on, and stopped as soon as this one has begun. */
  next(): boolean {
    const stale = this.#running;
    this.#running = this.#waiting ?? this.#spawn();
    this.#waiting = undefined;
    tell(this.#running, 'go');
    if (stale === undefined) return false;
    tell(stale, 'hush');
    // One that has not begun holds nothing, and must not load on beside many others.
    if (this.#hasBegun) this.#stale.push(stale);
    else this.#stop(stale);
    this.#hasBegun = false;
    return true;
  }

  /** Stops all, and resolves when nothing of them is left. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    const ends = [...this.#living].map((child) => once(child, 'exit'));
    for (const child of this.#living) this.#stop(child);
    await Promise.all(ends);
  }

  #spawn(): ChildProcess {
    const child = spawn(process.execPath, [entryFile('gym'), 'watch', '--next', ...this.#words], {
      ...this.#caller,
      // With the channel's end, which a kill -9 of this process makes too, it ends.
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // In a session of its own a terminal's Ctrl-C does not reach it, which would be the second signal to one that is being stopped: that ends it at once.
      detached: true,
    });
    this.#living.add(child);
    child.on('message', (message) => {
      const told = begunMessage.safeParse(message);
      if (!told.success || child !== this.#running) return;
      this.#hasBegun = true;
      this.#goOn();
      this.#listener.onBegun(told.data.begun);
    });
    child.once('exit', () => {
      this.#living.delete(child);
      if (child === this.#waiting) this.#waiting = undefined;
      if (child !== this.#running) return;
      this.#running = undefined;
      this.#hasBegun = false;
      // One that has not come as far as to begin has told why.
      this.#goOn();
      if (!this.#hasEnded) this.#listener.onEnded();
    });
    return child;
  }

  /** What is stale is stopped and the next one started when a run has begun: sooner, both would take the processor from it. */
  #goOn(): void {
    for (const child of this.#stale.splice(0)) this.#stop(child);
    if (!this.#hasEnded) this.#waiting ??= this.#spawn();
  }

  #stop(child: ChildProcess): void {
    if (!this.#stopped.has(child)) child.kill('SIGINT');
    this.#stopped.add(child);
  }
}

function tell(child: ChildProcess, word: Word): void {
  // One that has ended hears nothing.
  child.send(word, () => undefined);
}
