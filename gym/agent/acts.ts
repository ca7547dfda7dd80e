import { isAbsolute, relative } from 'node:path';
import type { EventBody } from '../events/event.ts';
import type { AttemptRequest } from './agent.ts';

type Act = Extract<EventBody, { type: 'agent.acted' }>['act'];
/** Tells what an agent does. */
export type Tell = (act: Act, text: string) => void;

const textLimit = 600;

/** Emits acts of an attempt, each bounded in size; nothing is said for an empty text. */
export function teller({ attempt, emit }: Pick<AttemptRequest, 'attempt' | 'emit'>): Tell {
  return (act, text) => {
    const said = text.trim();
    if (said === '') return;
    const short = said.length > textLimit ? `${said.slice(0, textLimit - 1)}…` : said;
    emit({ type: 'agent.acted', attempt, act, text: short });
  };
}

/** A path as people read it: relative to the workspace where it is inside. */
export function pathText(workspace: string, path: string): string {
  if (!isAbsolute(path)) return path;
  const inside = relative(workspace, path);
  return inside.startsWith('..') ? path : inside;
}
