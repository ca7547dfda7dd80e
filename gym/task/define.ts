import { DefinitionError } from './definition-error.ts';
import { forAuthors } from './issues.ts';
import { type TaskDefinition, type TaskInput, taskSchema } from './schema.ts';

/**
 * Defines a task; the default export of a task file. What does not fit is reported with file and line.
 *
 * @example
 * export default defineTask({
 *   name: 'hello',
 *   instruction: 'TASK.md',
 *   compose: 'compose.yaml',
 *   stages: [{ name: 'unit', service: 'app', command: 'npm test' }],
 * });
 */
export function defineTask(task: TaskInput): TaskDefinition {
  const parsed = taskSchema.safeParse(task, forAuthors);
  if (!parsed.success) throw new DefinitionError('defineTask', parsed.error.issues, defineTask);
  return parsed.data;
}
