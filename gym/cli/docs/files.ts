import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openTaskAndModel } from '../../api/tasks.ts';
import { failed, type Result } from '../../events/problem.ts';
import { checkoutOf } from '../../store/store.ts';
import { displayPath } from '../../task/display-path.ts';
import { inSight } from '../../task/held-out.ts';
import type { Task } from '../../task/schema.ts';
import type { Context } from '../context.ts';
import { agentText, skillHead, skillName } from './agent-text.ts';
import { hasSection, withSection } from './section.ts';

/** Where a skill is kept that most agents' programs find. */
export const skillFile = (task: string): string => join('.agents/skills', skillName(task), 'SKILL.md');

/** Files that are looked at for sections, in a checkout's top folder. */
const usualFiles = (task: string): readonly string[] => [
  ...['AGENTS.md', 'CLAUDE.md', 'GEMINI.md', '.github/copilot-instructions.md', skillFile(task)],
  join('.claude/skills', skillName(task), 'SKILL.md'),
];

/** What is to be written about a task, and where its checkout is. */
export interface TaskDocs {
  readonly task: Task;
  readonly top: string;
  readonly body: string;
}

/** Opens a task and makes the text about it. */
export async function taskDocs(named: string | undefined, context: Context): Promise<Result<TaskDocs>> {
  const opened = await openTaskAndModel(named, context);
  if (!opened.ok) return opened;
  const { task, model } = opened.value;
  const top = checkoutOf(task.root);
  const services = [...model.services.keys()].sort();
  return { ok: true, value: { task, top, body: agentText(inSight(task), services, top) } };
}

/** The usual files of a checkout that have a section about a task. */
export function filesAbout({ task, top }: Pick<TaskDocs, 'task' | 'top'>): readonly string[] {
  const files = usualFiles(task.name).map((file) => join(top, file));
  return files.filter((file) => hasSection(textOf(file), task.name));
}

/** A file as it should be, and whether it is. */
export function sectionIn(file: string, { task, body }: TaskDocs): Result<{ text: string; isCurrent: boolean }> {
  const before = textOf(file);
  const start = before === '' && file.endsWith('SKILL.md') ? skillHead(task.name) : before;
  const text = withSection(start, task.name, body);
  if (!text.ok) return failed({ ...text.problems[0], place: { file: displayPath(file) } });
  return { ok: true, value: { text: text.value, isCurrent: text.value === before } };
}

/** Writes a file with the folders above it; one that is a link stays one. */
export function writeDocs(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

const textOf = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');
