import type { Task } from '../task/schema.ts';

/** A way of seeming to be done. It works in the workspace as an agent does, and mends nothing. */
export interface Cheat {
  readonly name: string;
  readonly what: string;
  readonly act: (task: Task, workspace: string) => Promise<void>;
}
