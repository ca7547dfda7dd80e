import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AttemptRequest } from '../../gym/agent/agent.ts';
import type { EventBody } from '../../gym/events/event.ts';

/** A request for one attempt in `folder/work`, and what the agent tells. */
export interface AttemptUnderTest {
  readonly request: AttemptRequest;
  readonly events: EventBody[];
  /** `act text` of each act so far. */
  acts(): string[];
  log(): string;
}

/** Makes one; the loop's name is the marker of its processes, so it is unique. */
export function attemptIn(folder: string, overrides: Partial<AttemptRequest> = {}): AttemptUnderTest {
  const events: EventBody[] = [];
  const workspace = join(folder, 'work');
  mkdirSync(workspace, { recursive: true });
  const request: AttemptRequest = {
    attempt: 1,
    loop: `test-${process.pid}-${folder.slice(-6)}`,
    workspace,
    prompt: 'Count down.\n',
    promptFile: join(folder, 'prompt.md'),
    verdictFile: join(folder, 'verdict.json'),
    session: null,
    usdLeft: null,
    logFile: join(folder, 'agent.log'),
    emit: (body) => events.push(body),
    signal: new AbortController().signal,
    ...overrides,
  };
  writeFileSync(request.promptFile, request.prompt);
  writeFileSync(request.verdictFile, '{"state":"fail"}');
  return {
    request,
    events,
    acts: () => events.flatMap((body) => (body.type === 'agent.acted' ? [`${body.act} ${body.text}`] : [])),
    log: () => readFileSync(request.logFile, 'utf8'),
  };
}
