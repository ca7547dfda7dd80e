import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { ok, type Result } from '../events/problem.ts';
import { logLines } from '../judge/log-lines.ts';
import type { Document } from '../task/measurement.ts';
import { type BeginSource, notRead } from './reader.ts';
import { mostSamples, take, tooMany } from './take.ts';

/** What a service printed while the stage ran: lines from the one in which its log stood before. */
export const beginLogs: BeginSource<'logs'> = async (source, { environment, nonce }) => {
  const file = environment.logFile(source.service);
  await environment.flushLogs();
  const before = standOf(file);
  return async () => {
    await environment.flushLogs();
    const problem = environment.logProblem(source.service) ?? replaced(file, before);
    if (problem !== undefined) return notRead(`the log of ${source.service}: ${problem}`);
    const documents = recordsOf(source.service, file, { from: before.lines, pattern: source.pattern });
    return documents.ok ? take(documents.value, source.parse, nonce) : documents;
  };
};

interface Stand {
  readonly inode: number;
  /** Whole lines. */
  readonly lines: number;
}

function standOf(file: string): Stand {
  try {
    const { ino: inode } = statSync(file);
    return { inode, lines: lineBreaks(file) };
  } catch {
    return { inode: 0, lines: 0 };
  }
}

function replaced(file: string, before: Stand): string | undefined {
  try {
    return before.inode === 0 || statSync(file).ino === before.inode ? undefined : 'it was begun anew during the stage';
  } catch {
    return 'it is not there';
  }
}

function lineBreaks(file: string): number {
  const descriptor = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(1024 * 1024);
    let count = 0;
    for (let size = readSync(descriptor, buffer); size > 0; size = readSync(descriptor, buffer)) {
      for (let at = buffer.indexOf(10); at >= 0 && at < size; at = buffer.indexOf(10, at + 1)) count += 1;
    }
    return count;
  } finally {
    closeSync(descriptor);
  }
}

/** The records among the lines after so many. */
function recordsOf(
  service: string,
  file: string,
  { from, pattern }: { readonly from: number; readonly pattern: RegExp | undefined },
): Result<Document[]> {
  const documents: Document[] = [];
  let line = 0;
  for (const { text, isCut } of logLines(file)) {
    line += 1;
    if (line <= from || isCut) continue;
    const value = pattern === undefined ? jsonObject(text) : groupsOf(text, pattern);
    if (value === undefined) continue;
    documents.push({ value, place: { file, line, service } });
    if (documents.length > mostSamples) return tooMany();
  }
  return ok(documents);
}

function groupsOf(text: string, pattern: RegExp): Record<string, string> | undefined {
  // A pattern with the flag g or y would go on where it stopped in the line before.
  pattern.lastIndex = 0;
  const match = pattern.exec(text);
  return match === null ? undefined : { ...match.groups };
}

function jsonObject(text: string): unknown {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
