import { isDeepStrictEqual } from 'node:util';
import { getNodeValue, type Node, type ParseError, parseTree } from 'jsonc-parser';
import { jsonErrorText } from '../events/json-error.ts';
import { failed, ok, type Problem, type Result } from '../events/problem.ts';
import { cut, inserted, nodeAt, replaced } from './json-text.ts';

/** A hook as the settings of Claude Code, Codex and Gemini CLI have it: a group of its own in the list of its event. */
export interface WantedHook {
  readonly event: string;
  readonly group: Readonly<Record<string, unknown>> & { readonly hooks: readonly unknown[] };
}

/** A hook of gym's in settings. */
export interface FoundHook {
  readonly event: string;
  readonly command: string;
}

/** Whether a command is one that gym writes: whatever calls gym, then `hooks run PROGRAM`. */
export function isOwnCommand(command: string): boolean {
  return /\bgym"? hooks run (claude|codex|gemini) /.test(command);
}

/** The folder of the task that such a command names. */
export function taskOf(command: string): string {
  return / hooks run \w+ (.*?)(?: \|\| exit 1)?$/.exec(command)?.[1] ?? '';
}

/** The hooks of gym's in settings. */
export function ownHooks(text: string, file: string): Result<FoundHook[]> {
  const read = readSettings(text, file);
  return read.ok ? ok(read.value.map(({ event, command }) => ({ event, command }))) : read;
}

/**
 * Settings with exactly these hooks of gym's; all else stays as it is, byte for byte. What is there already stays in its place: Codex tells
 * trusted hooks by it.
 */
export function withHooks(text: string, wanted: readonly WantedHook[], file: string): Result<string> {
  if (text.trim() === '') return ok(`${JSON.stringify({ hooks: grouped(wanted) }, null, 2)}\n`);
  const read = readSettings(
    text,
    file,
    wanted.map(({ event }) => event),
  );
  if (!read.ok) return read;
  const kept = new Set<OwnHandler>();
  const missing: WantedHook[] = [];
  let next = text;
  for (const each of wanted) {
    const there = read.value.find((own) => own.event === each.event && own.isAlone && !kept.has(own));
    if (there === undefined) {
      missing.push(each);
      continue;
    }
    kept.add(there);
    if (!isDeepStrictEqual(there.group, each.group))
      next = replaced(next, ['hooks', each.event, there.groupIndex], each.group);
  }
  next = removed(
    next,
    read.value.filter((own) => !kept.has(own)),
  );
  return ok(missing.reduce(appended, next));
}

/** Settings without gym's hooks, and without the lists that had nothing else; undefined: nothing else is in them. */
export function withoutHooks(text: string, file: string): Result<string | undefined> {
  const read = readSettings(text, file);
  if (!read.ok) return read;
  if (read.value.length === 0) return ok(text);
  const next = removed(text, read.value);
  return ok(/^\s*\{\s*\}\s*$/.test(next) ? undefined : next);
}

/** One of gym's handlers and where it is. */
interface OwnHandler extends FoundHook {
  readonly group: unknown;
  readonly groupIndex: number;
  readonly handlerIndex: number;
  /** Nothing but it is in its group. */
  readonly isAlone: boolean;
}

/** `events`: those whose value has to be a list, where there is one. */
function readSettings(text: string, file: string, events: readonly string[] = []): Result<OwnHandler[]> {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const problem = (offset: number, message: string): Problem => {
    const line = text.slice(0, offset).split('\n').length;
    return {
      kind: 'definition',
      message,
      place: { file, line },
      remedy: 'gym changes nothing in it until it is mended.',
    };
  };
  const [error] = errors;
  if (error !== undefined) return failed(problem(error.offset, jsonErrorText(error)));
  if (root === undefined) return ok([]);
  if (root.type !== 'object') return failed(problem(root.offset, 'settings are an object in braces'));
  const hooks = propertiesOf(root).find(([key]) => key === 'hooks')?.[1];
  if (hooks === undefined) return ok([]);
  if (hooks.type !== 'object') return failed(problem(hooks.offset, 'hooks is no object'));
  const found: OwnHandler[] = [];
  for (const [event, list] of propertiesOf(hooks)) {
    if (list.type !== 'array' && events.includes(event))
      return failed(problem(list.offset, `hooks.${event} is no list`));
    for (const [groupIndex, group] of (list.children ?? []).entries()) found.push(...ownIn(event, group, groupIndex));
  }
  return ok(found);
}

function ownIn(event: string, group: Node, groupIndex: number): OwnHandler[] {
  const handlers = propertiesOf(group).find(([key]) => key === 'hooks')?.[1]?.children ?? [];
  return handlers.flatMap((handler, handlerIndex) => {
    const command = propertiesOf(handler).find(([key]) => key === 'command')?.[1]?.value;
    if (typeof command !== 'string' || !isOwnCommand(command)) return [];
    const isAlone = handlers.length === 1;
    return [{ event, command, group: getNodeValue(group), groupIndex, handlerIndex, isAlone }];
  });
}

function propertiesOf(node: Node): [string, Node][] {
  if (node.type !== 'object') return [];
  return (node.children ?? []).flatMap(({ children }): [string, Node][] => {
    const [key, value] = children ?? [];
    return key === undefined || value === undefined ? [] : [[String(key.value), value]];
  });
}

/** The hooks as a new file has them. */
function grouped(wanted: readonly WantedHook[]): Record<string, unknown[]> {
  const byEvent = Map.groupBy(wanted, ({ event }) => event);
  return Object.fromEntries([...byEvent].map(([event, each]) => [event, each.map(({ group }) => group)]));
}

function appended(text: string, { event, group }: WantedHook): string {
  if (nodeAt(text, ['hooks', event]) !== undefined) return inserted(text, ['hooks', event], group);
  if (nodeAt(text, ['hooks']) !== undefined) return inserted(text, ['hooks'], [group], event);
  return inserted(text, [], { [event]: [group] }, 'hooks');
}

/** Takes handlers out, the last first, and then the lists that are empty by that. */
function removed(text: string, handlers: readonly OwnHandler[]): string {
  const lastFirst = [...handlers].reverse();
  const without = lastFirst.reduce((rest, { event, groupIndex, handlerIndex, isAlone }) => {
    const group = ['hooks', event, groupIndex];
    return cut(rest, isAlone ? group : [...group, 'hooks', handlerIndex]);
  }, text);
  const events = [...new Set(handlers.map(({ event }) => event))];
  const lists = [...events.map((event) => ['hooks', event]), ...(handlers.length === 0 ? [] : [['hooks']])];
  return lists.reduce((rest, path) => (nodeAt(rest, path)?.children?.length === 0 ? cut(rest, path) : rest), without);
}
