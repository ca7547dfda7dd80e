import type { CallToolResult, McpServer, ServerContext } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { Caller } from '../api/caller.ts';
import { problemsText, type Result } from '../events/problem.ts';
import { runCommand } from './command.ts';
import { explain } from './explain.ts';
import type { Runs } from './runs.ts';
import { follow, progressText, type RunState } from './state.ts';

/** Clients give a tool 60 s as a rule, and progress does not extend that. */
const longestWaitSeconds = 50;
/** Of what a command says, the beginning. */
const textLimit = 8000;

const task = z.string().optional().describe('name or folder, where there are several');
const run = z.string().describe('its name, or the end of it');
const reading = { readOnlyHint: true, openWorldHint: false };
/** Claude Code offers other tools only when it is asked for them. */
const always = { 'anthropic/alwaysLoad': true };
const runState = z.object({
  run: z.string(),
  state: z.string().describe('running, or pass, fail, …'),
  text: z.string(),
});

/** What the tools work with. */
export interface Session {
  readonly caller: Caller;
  readonly runs: Runs;
}

/** Offers the tools. Their descriptions are in every session of every model: each word counts. */
export function registerTools(server: McpServer, session: Session): void {
  registerRunTools(server, session);
  registerLookTools(server, session);
}

function registerRunTools(server: McpServer, { caller, runs }: Session): void {
  const states = { outputSchema: runState, _meta: always };
  server.registerTool(
    'verify',
    {
      description: 'Begin to judge the workspace in its real system. Returns a run at once: then call wait.',
      inputSchema: z.strictObject({ task }),
      ...states,
      annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
    },
    async (asked, { mcpReq }) => {
      const begun = await runs.begin(asked.task, mcpReq.signal);
      if (!begun.ok) return error(begun.text);
      const text = `run ${begun.run}: running. Call wait.`;
      return stateResult({ run: begun.run, state: 'running', text });
    },
  );
  server.registerTool(
    'wait',
    {
      description: `Wait for a run, at most ${longestWaitSeconds} s, and get its verdict, or "running": then call it again. Done is only "pass" or "waived".`,
      inputSchema: z.strictObject({
        run: run.optional(),
        seconds: z.number().min(0).max(longestWaitSeconds).optional(),
      }),
      ...states,
      annotations: reading,
    },
    async (asked, context) => {
      const limit = AbortSignal.timeout((asked.seconds ?? longestWaitSeconds) * 1000);
      const signal = AbortSignal.any([context.mcpReq.signal, limit]);
      const followed = (): ReturnType<typeof follow> => follow(caller, asked.run, signal, teller(context));
      const first = await followed();
      // A run of the very same is in the history only when it has ended, a moment after it was told of.
      if (!first.ok && asked.run !== undefined) await runs.ended(asked.run);
      const state = first.ok ? first : await followed();
      // Else a verification that is asked for next might be told that this one is under way.
      if (state.ok && state.value.state !== 'running') await runs.ended(state.value.run);
      return state.ok ? stateResult(state.value) : problems(state);
    },
  );
  server.registerTool(
    'cancel',
    {
      description: 'Stop a run that verify began here, and remove its environment.',
      inputSchema: z.strictObject({ run }),
      outputSchema: runState,
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    },
    async (asked) => {
      if (!(await runs.cancel(asked.run))) return error(`No run ${asked.run} of this server is under way.`);
      const state = await follow(caller, asked.run, AbortSignal.timeout(1000), () => undefined);
      return state.ok ? stateResult(state.value) : problems(state);
    },
  );
}

function registerLookTools(server: McpServer, { caller }: Session): void {
  const command = async (
    args: readonly string[],
    { mcpReq }: ServerContext,
    input?: string,
  ): Promise<CallToolResult> => {
    const { ok, text } = await runCommand(caller, args, mcpReq.signal, input);
    return ok ? textResult(text) : error(text);
  };
  server.registerTool(
    'show',
    {
      description: 'A verdict, or all about a check or failed case of it.',
      inputSchema: z.strictObject({
        what: z.string().optional().describe('RUN, RUN:CHECK or RUN:CASE; default: newest'),
      }),
      annotations: reading,
    },
    ({ what }, context) => command(['show', ...(what === undefined ? [] : ['--', what])], context),
  );
  server.registerTool(
    'logs',
    {
      description: 'What a service or stage printed in a run.',
      inputSchema: z.strictObject({
        run,
        name: z.string().describe('service or stage'),
        lines: z.int().min(1).max(500).default(50),
        around: z.string().optional().describe('stage, 12.5s into the run, or time of day'),
      }),
      annotations: reading,
    },
    ({ run: of, name, lines, around }, context) =>
      command(
        ['logs', '-n', String(lines), ...(around === undefined ? [] : [`--around=${around}`]), '--', of, name],
        context,
      ),
  );
  server.registerTool(
    'explain',
    {
      description: 'A check (claim, how it was judged, evidence, what to do), a state or a kind of problem.',
      inputSchema: z.strictObject({ what: z.string().describe('CHECK, RUN:CHECK, or a word such as vacuous') }),
      annotations: reading,
    },
    ({ what }) => {
      const said = explain(caller.cwd, what);
      return said.ok ? textResult(said.value) : problems(said);
    },
  );
  server.registerTool(
    'env_status',
    {
      description: 'The services that are up, with their ports.',
      inputSchema: z.strictObject({}),
      annotations: reading,
    },
    (_, context) => command(['ps'], context),
  );
  server.registerTool(
    'env_reset',
    {
      description: 'Put the environment of gym up back into the state after its seeds had run. Its ports change.',
      inputSchema: z.strictObject({ task }),
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    },
    (asked, context) => command(['reset', ...(asked.task === undefined ? [] : ['--', asked.task])], context),
  );
  server.registerTool(
    'propose',
    {
      description: 'Ask a person for a change to protected files: as in the workspace, or one as `content`.',
      inputSchema: z.strictObject({
        files: z.array(z.string()).min(1),
        reason: z.string(),
        content: z.string().optional(),
      }),
      annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
    },
    ({ files, reason, content }, context) => {
      const from = content === undefined ? [] : ['--from=-'];
      return command(['propose', `--reason=${reason}`, ...from, '--', ...files], context, content);
    },
  );
}

/** Tells the client of what happens, where it asked for that. */
function teller({ mcpReq }: ServerContext): Parameters<typeof follow>[3] {
  const progressToken = mcpReq._meta?.progressToken;
  let progress = 0;
  return (event) => {
    const message = progressToken === undefined ? undefined : progressText(event);
    if (message === undefined || progressToken === undefined) return;
    progress += 1;
    const params = { progressToken, progress, message };
    // A client that is gone hears nothing.
    mcpReq.notify({ method: 'notifications/progress', params }).catch(() => undefined);
  };
}

/** Models are shown either of the two, depending on their program: each says all. */
function stateResult(state: RunState): CallToolResult {
  return { content: [{ type: 'text', text: state.text }], structuredContent: { ...state } };
}

function textResult(text: string): CallToolResult {
  const more = text.length - textLimit;
  const shown =
    more <= 0 ? text : `${text.slice(0, textLimit)}\n… ${more} more characters: run the command of gym in a shell`;
  return { content: [{ type: 'text', text: shown }] };
}

/** A failure says all in words: with it, some programs drop what is structured. */
function error(text: string): CallToolResult {
  return { ...textResult(text), isError: true };
}

function problems(result: Exclude<Result<unknown>, { ok: true }>): CallToolResult {
  return error(problemsText(result.problems));
}
