import type { FoundStage, Harness } from './harness.ts';

/** What a task file is made of. */
export interface TaskParts {
  readonly name: string;
  readonly compose: readonly string[];
  readonly harnesses: readonly Harness[];
  /** The services in which they run, in the same order. */
  readonly services: readonly string[];
  /** The repo's own TypeScript compiler reads this file too, and does not know `devgym`. */
  readonly isCompiled: boolean;
}

/** A name as tasks may have it; `task` where nothing of it is left. */
export function taskName(text: string): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return name === '' ? 'task' : name;
}

/** The text of `task.ts`. */
export function taskText({ name, compose, harnesses, services, isCompiled }: TaskParts): string {
  const many = harnesses.length > 1;
  const stages = harnesses.flatMap(({ language, stages: own }, index) =>
    own.map((stage) =>
      stageText({ ...stage, name: many ? `${stage.name}-${language}` : stage.name }, services[index] ?? ''),
    ),
  );
  const files = compose.map(quoted);
  return `${isCompiled ? '// @ts-nocheck: devgym is the gym that runs this file. Exclude it from tsconfig.json instead, if you like.\n' : ''}import { defineTask } from 'devgym';

export default defineTask({
  name: ${quoted(name)},
  instruction: 'TASK.md',
  compose: ${files.length === 1 ? files[0] : `[${files.join(', ')}]`},
  stages: [
${stages.join('\n')}
  ],
});
`;
}

function stageText({ name, command, results }: FoundStage, service: string): string {
  const lines = [
    `      name: ${quoted(name)},`,
    `      service: ${quoted(service)},`,
    `      command: ${quoted(command)},`,
    ...(results === undefined
      ? []
      : [`      results: { format: ${quoted(results.format)}, path: ${quoted(results.path)} },`]),
  ];
  return ['    {', ...lines, '    },'].join('\n');
}

function quoted(text: string): string {
  if (!/[\\'\n]/.test(text)) return `'${text}'`;
  return text.includes('`') || text.includes('$') ? JSON.stringify(text) : `\`${text.replaceAll('\\', '\\\\')}\``;
}

/** The text of `TASK.md`. */
export function instructionText(name: string): string {
  return `# ${name}

Say here what an agent is to do, and what has to be true when it is done.

It is done when \`gym verify\` passes.
`;
}
