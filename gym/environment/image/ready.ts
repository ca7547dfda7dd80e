import type { Emit } from '../../events/event.ts';
import type { Engine } from '../engine.ts';

/** An image that is on the engine. */
export interface ReadyImage {
  /** What containers are created from: a tag that gym gave, or the reference of the Compose file. */
  readonly reference: string;
  readonly id: string;
  /** `linux/amd64` */
  readonly platform: string;
  /** The image's own health check, where it has one. Durations are nanoseconds; 0 and undefined mean the default. */
  readonly healthcheck: ImageHealth | null;
  /** What its EXPOSE says: `5432/tcp`. */
  readonly exposedPorts: readonly string[];
  /** `cached`: gym built it earlier from the same inputs. */
  readonly how: 'present' | 'cached' | 'built' | 'pulled';
}

/** HEALTHCHECK of an image as the engine gives it. */
export interface ImageHealth {
  readonly Test?: readonly string[] | undefined;
  readonly Interval?: number | undefined;
  readonly Timeout?: number | undefined;
  readonly Retries?: number | undefined;
  readonly StartPeriod?: number | undefined;
}

/** What images are made ready with. */
export interface ImageWork {
  readonly engine: Engine;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Names the images that are built. */
  readonly task: string;
}
