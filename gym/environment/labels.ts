import { thisOwner } from '../store/owner.ts';
import type { Lease } from './environment.ts';

/** Labels on everything that gym makes; what does not carry them is never touched. */
export const label = {
  project: 'dev.gym.project',
  task: 'dev.gym.task',
  run: 'dev.gym.run',
  lease: 'dev.gym.lease',
  owner: 'dev.gym.owner',
  checkout: 'dev.gym.checkout',
  service: 'dev.gym.service',
  /** What a helper container looks at, where it is one. */
  helper: 'dev.gym.helper',
  /** A network's or volume's name in the Compose file. */
  resource: 'dev.gym.resource',
  /** Which of an environment's generations it belongs to: a reset puts a new one in the place of the old. */
  generation: 'dev.gym.generation',
  /** The set of slots that it is of, or, beside the labels of an environment, that this environment has taken. */
  slots: 'dev.gym.slots',
  /** On the volume that marks a generation as up and used: since when, in epoch milliseconds. */
  mark: 'dev.gym.up',
  /** On a mark: hashes of what it was brought up from. */
  files: 'dev.gym.files',
  model: 'dev.gym.model',
  /** On the parts of a seeded state that environments share, and on what stands on it: which one. */
  golden: 'dev.gym.golden',
  /** On the volume that says that such a state is whole: what it consists of, and since when, in epoch milliseconds. */
  manifest: 'dev.gym.golden.manifest',
  made: 'dev.gym.golden.made',
  /** On images: the repository part of their tag. */
  image: 'dev.gym.image',
} as const;

/** Labels of something on the engine. */
export type Labels = Readonly<Record<string, string>> | null | undefined;

/**
 * Whether something carries all of these labels: `name`, or `name=value`. Engines are asked for them too, but Podman gives networks,
 * volumes and events that have one of several (Podman 4.3).
 */
export function carries(labels: Labels, wanted: readonly string[]): boolean {
  return wanted.every((text) => {
    const at = text.indexOf('=');
    const value = labels?.[at < 0 ? text : text.slice(0, at)];
    return value !== undefined && (at < 0 || value === text.slice(at + 1));
  });
}

/** What everything of one environment carries. */
export function environmentLabels(of: {
  readonly project: string;
  readonly task: string;
  readonly run: string;
  readonly lease: Lease;
  readonly checkout: string;
}): Record<string, string> {
  return {
    [label.project]: of.project,
    [label.task]: of.task,
    [label.run]: of.run,
    [label.lease]: of.lease,
    [label.checkout]: of.checkout,
    [label.owner]: thisOwner(),
  };
}

/** The generation that an environment comes up with. */
export const firstGeneration = 'first';

/** In the place of a generation: what holds the seeded state, which is of none. */
export const goldenGeneration = 'golden';
