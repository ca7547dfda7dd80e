import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  ResourceTemplate,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { readVerdict, runNamed } from '../api/run-named.ts';
import { newestRuns } from '../api/stores.ts';
import { placeText, problem } from '../events/problem.ts';
import { findTasks } from '../task/found.ts';
import { runCommand } from './command.ts';
import type { Session } from './tools.ts';

const listedRuns = 20;

const check = z.object({ name: z.string(), kind: z.string(), claim: z.string(), severity: z.string() });
/** What `gym tasks --json` tells, as far as it is read here; problems where a task file does not fit. */
const listedTasks = z.array(
  z.object({
    name: z.string(),
    file: z.string(),
    instruction: z.string().default(''),
    checks: z.array(check).default([]),
    problems: z.array(problem).default([]),
  }),
);

/** Offers what tasks ask for (`gym://task/NAME`) and verdicts (`gym://run/RUN`). */
export function registerResources(server: McpServer, { caller }: Session): void {
  const list = () => ({
    resources: findTasks(caller.cwd).map(({ name }) => ({ name, uri: `gym://task/${encodeURIComponent(name)}` })),
  });
  server.registerResource(
    'task',
    new ResourceTemplate('gym://task/{task}', { list }),
    { description: 'Instruction and checks of a task', mimeType: 'text/markdown' },
    async ({ href }, { task }, { mcpReq }) => {
      const listed = await runCommand(caller, ['tasks', '--json'], mcpReq.signal);
      const tasks = listed.ok ? listedTasks.parse(JSON.parse(listed.text)) : [];
      const wanted = decodeURIComponent(String(task));
      const found = tasks.find(({ name, file }) => name === wanted || dirname(file).endsWith(`/${wanted}`));
      if (found === undefined) throw new ResourceNotFoundError(href);
      if (found.problems.length > 0) {
        const said = found.problems.map(({ place, message }) => `${placeText(place)}: ${message}`).join('\n');
        throw new ProtocolError(ProtocolErrorCode.InternalError, said);
      }
      const instruction = readFileSync(join(dirname(found.file), found.instruction), 'utf8').trimEnd();
      const checks = found.checks.map(
        ({ name, kind, claim, severity }) => `- ${name} (${kind}, ${severity}): ${claim}`,
      );
      const text = `${instruction}\n\n## Checks\n\n${checks.join('\n')}\n`;
      return { contents: [{ uri: href, mimeType: 'text/markdown', text }] };
    },
  );
  const runs = () => ({
    resources: newestRuns(caller.cwd, listedRuns)
      .slice(0, listedRuns)
      .map(({ run, task, state }) => ({ name: run, description: `${task}: ${state}`, uri: `gym://run/${run}` })),
  });
  server.registerResource(
    'verdict',
    new ResourceTemplate('gym://run/{run}', { list: runs }),
    { description: 'Verdict of a run', mimeType: 'application/json' },
    ({ href }, { run }) => {
      const named = runNamed(caller.cwd, String(run));
      const verdict = named.ok ? readVerdict(named.value) : named;
      if (!verdict.ok) throw new ResourceNotFoundError(href);
      return { contents: [{ uri: href, mimeType: 'application/json', text: JSON.stringify(verdict.value) }] };
    },
  );
}
