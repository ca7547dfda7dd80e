import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { z } from 'zod';
import { program } from './program.ts';

const structured = z.object({ run: z.string(), state: z.string(), text: z.string() });

/** What a tool answered. */
export interface Answer {
  readonly isError: boolean;
  readonly text: string;
  /** Of a tool that answers with a run. */
  readonly state: z.infer<typeof structured> | undefined;
}

/** A client of npm's with a `gym mcp` that it started. */
export interface McpSession extends AsyncDisposable {
  readonly client: Client;
  /** Process id of the server. */
  readonly pid: number;
  call(tool: string, args?: Record<string, unknown>, options?: Parameters<Client['callTool']>[1]): Promise<Answer>;
  /** Begins a verification and gives its run. */
  verify(task?: string): Promise<string>;
}

/** Starts `gym mcp` in a folder, by the revision of the protocol of 2025 or the newest that both speak. */
export async function connectMcp(cwd: string, revision: 'legacy' | 'auto' = 'legacy'): Promise<McpSession> {
  const env = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => !!entry[1]));
  const transport = new StdioClientTransport({ command: process.execPath, args: [program, 'mcp'], cwd, env });
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: revision } });
  await client.connect(transport);
  const call: McpSession['call'] = async (name, args = {}, options) => {
    const { content, structuredContent, isError } = await client.callTool({ name, arguments: args }, options);
    const [first] = content;
    if (content.length !== 1 || first?.type !== 'text')
      throw new Error(`${name} answered with ${content.length} parts`);
    return { isError: isError === true, text: first.text, state: structured.safeParse(structuredContent).data };
  };
  return {
    client,
    pid: transport.pid ?? 0,
    call,
    async verify(task) {
      const begun = await call('verify', task === undefined ? {} : { task });
      if (begun.state === undefined) throw new Error(`verify answered: ${begun.text}`);
      return begun.state.run;
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}
