import { isAbsolute, join, relative } from 'node:path';
import { countText } from '../../judge/text.ts';
import type { Stage, Task } from '../../task/schema.ts';
import { protectionOf } from '../../workspace/protection.ts';

/** A command that is longer is looked up in the task file. */
const commandChars = 200;

/** Names of at most so many services and checks are given. */
const namesShown = 8;

/**
 * What an agent has to know of a task, in Markdown: how to bring it up, build, test and verify, and what done means.
 * `top`: the folder that paths are told from; `services`: of its environment.
 */
export function agentText(task: Task, services: readonly string[], top: string): string {
  const { name, stages } = task;
  const path = (file: string): string => relative(top, join(task.root, file));
  // Some are no paths, but words.
  const judging = protectionOf(task).words.map((word) => (word.includes(' ') ? word : codeOf(path(word))));
  const [service = 'SERVICE'] = stages.flatMap((stage) => stage.service ?? []);
  return `## Task ${name}

${path(task.instruction)} says what to do. **Done means that \`gym verify ${name}\` exits with 0**, nothing else. Where the shell does not know \`gym\`, it is \`npx gym\`.

- Verify: \`gym verify ${name}\`. It takes the files as git sees them, committed or not, builds and brings up ${listed(services, 'service')}, runs the stages and judges ${judgedText(task)}. It prints at most 2 KB: what does not hold, what changed since the last run, and on the last line the commands that tell more.
- More of a run: \`gym show RUN:CHECK\`, \`gym show 'RUN:NAME OF A CASE'\`, \`gym logs RUN SERVICE --around STAGE\`.
- Exit codes: 0 done; 1 does not hold; 2 the task's definition is wrong; 3 could not be judged; 4 the environment did not come up.
- By hand: \`gym up ${name}\` (again after each change of the source), \`gym exec ${service} COMMAND\`, \`gym logs ${service}\`, \`gym reset ${name}\`, \`gym down ${name}\`.
${stages.map(stageLine).join('\n')}
- Taken from elsewhere when it is judged, so that changes have no effect: ${judging.join(', ')}. Where one has to change: \`gym propose FILE --from COPY --reason WORDS\`, with a copy as it should be; a person decides.`;
}

function stageLine({ name, service, command, workdir }: Stage): string {
  const text = typeof command === 'string' ? command : command.join(' ');
  const shown = text.length > commandChars ? `${text.slice(0, commandChars - 1)}…` : text;
  const where = service === undefined ? 'on the host' : `in ${service}`;
  const folder = workdir === undefined ? '' : isAbsolute(workdir) ? `, ${workdir}` : `, ./${workdir}`;
  return `- Stage ${name} (${where}${folder}): ${codeOf(shown.replaceAll(/\s+/g, ' '))}`;
}

/** A code span, whatever quotes are in it. */
const codeOf = (text: string): string => (text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``);

function judgedText({ invariants, targets }: Task): string {
  const names = [...invariants, ...targets].map(({ name }) => name);
  return names.length === 0 ? 'their cases' : `their cases and ${listed(names, 'check')}`;
}

function listed(names: readonly string[], what: string): string {
  const more = names.length - namesShown;
  const list = more > 0 ? `${names.slice(0, namesShown).join(', ')} and ${more} more` : names.join(', ');
  return `${countText(names.length, what)} (${list})`;
}

/** The head of a skill's file: https://agentskills.io/specification */
export function skillHead(task: string): string {
  return `---
name: ${skillName(task)}
description: How to bring up, build, test and verify the task ${task} with gym, and what done means for it. Use when working on ${task} or asked whether it is done.
---

`;
}

/** A skill's name is at most 64 characters long. */
export const skillName = (task: string): string => `gym-${task}`.slice(0, 64).replace(/-+$/, '');
