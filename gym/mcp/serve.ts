import { McpServer } from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import type { Caller } from '../api/caller.ts';
import { registerResources } from './resources.ts';
import { openRuns } from './runs.ts';
import { registerTools } from './tools.ts';

/** What a server is started with. */
export interface Served extends Caller {
  readonly version: string;
  /** Aborting it ends the server. */
  readonly signal: AbortSignal;
  /** Hears of messages that are none, and of a client that went away. */
  readonly onError: (error: Error) => void;
}

const instructions =
  'gym judges the code in this workspace in its real system. When you think you are done: verify, then wait until it is not running. ' +
  'Only pass (or waived) is done. Else repair what the verdict names (show, explain and logs tell more), and verify again.';

/**
 * Serves MCP on this process's standard streams until they are closed or it is aborted; then what is under way is stopped, and this
 * resolves when its environment is gone. https://modelcontextprotocol.io/specification
 */
export async function serve({ cwd, env, version, signal, onError }: Served): Promise<void> {
  const caller = { cwd, env };
  const session = { caller, runs: openRuns(caller) };
  const over = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => over.resolve());
  const transport = new StdioServerTransport();
  const handle = serveStdio(
    () => {
      const server = new McpServer({ name: 'gym', version }, { instructions });
      registerTools(server, session);
      registerResources(server, session);
      return server;
    },
    { transport, onerror: onError },
  );
  // Its client has gone, or said more in one message than is ever meant.
  const { onclose } = transport;
  transport.onclose = () => {
    onclose?.();
    over.resolve();
  };
  await over.promise;
  await Promise.all([handle.close(), session.runs.stop()]);
}
