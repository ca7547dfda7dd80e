import type { Emit, EventBody } from '../events/event.ts';

type Timed = Extract<EventBody, { type: 'up.timed' }>;
type Phase = keyof Timed['phasesMs'];

/** Takes the time of the phases of one bringing-up. */
export interface UpTiming {
  /** The caller's `emit`, which hears from the events of services when they were made, started and ready. */
  readonly emit: Emit;
  /** Takes the time of one phase; some go on at the same time. */
  of<Value>(
    phase: 'connect' | 'compose' | 'images' | 'networks' | 'volumes',
    work: () => Promise<Value>,
  ): Promise<Value>;
  /** Emits `up.timed` with all that was reached. */
  finish(): void;
}

/** Begins now. `now` in milliseconds. */
export function timeUp(emit: Emit, now: () => number = () => performance.now()): UpTiming {
  const beganAt = now();
  const phasesMs: Partial<Record<Phase, number>> = {};
  const readyMs: Record<string, number> = {};
  // Containers are made once images and volumes are there, and started once they and the networks are made.
  let groundAt = beganAt;
  let startableAt = beganAt;
  const hear = (event: EventBody): void => {
    if (event.type !== 'service.changed') return;
    const at = now();
    if (event.state === 'created') {
      startableAt = at;
      phasesMs.create = at - groundAt;
    }
    if (event.state === 'started') phasesMs.start = at - startableAt;
    // A one-shot is ready by its end.
    if (event.state === 'ready' || event.state === 'exited') readyMs[event.service] ??= at - beganAt;
  };
  return {
    emit(event) {
      hear(event);
      emit(event);
    },
    async of(phase, work) {
      const startedAt = now();
      const value = await work();
      const endedAt = now();
      if (phase === 'networks') startableAt = endedAt;
      else groundAt = endedAt;
      phasesMs[phase] = endedAt - startedAt;
      return value;
    },
    finish: () => emit({ type: 'up.timed', totalMs: now() - beganAt, phasesMs, readyMs: { ...readyMs } }),
  };
}
