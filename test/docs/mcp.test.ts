import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { InMemoryTransport, McpServer } from '@modelcontextprotocol/server';
import { expect, test } from 'vitest';
import { openRuns } from '../../gym/mcp/runs.ts';
import { registerTools } from '../../gym/mcp/tools.ts';

/** The tools as a client is told of them; none is called. */
async function listedTools() {
  const server = new McpServer({ name: 'gym', version: '0' });
  const caller = { cwd: '/nowhere', env: {} };
  registerTools(server, { caller, runs: openRuns(caller) });
  const client = new Client({ name: 'test', version: '0' });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(far), client.connect(near)]);
  const { tools } = await client.listTools();
  await client.close();
  return tools;
}

test('docs/mcp.md has the tools that there are, with their descriptions', async () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/mcp.md'), 'utf8');
  const [, section = ''] = /## Tools\n(.*?)\n## /s.exec(page) ?? [];
  const rows = [...section.matchAll(/^\| `(\w+)` \| (.*) \|$/gm)].map(([, name, description]) => ({
    name,
    description,
  }));
  const tools = await listedTools();
  expect(rows).toEqual(tools.map(({ name, description }) => ({ name, description })));
});

test('the tools take little of a model’s context, say what they change, and the two that judge are never left out', async () => {
  const tools = await listedTools();
  // About 4 characters a token: less than 1,200 tokens with all that models are not shown.
  expect(JSON.stringify(tools).length).toBeLessThan(4800);
  for (const { name, annotations } of tools) expect(annotations?.readOnlyHint, name).toBeTypeOf('boolean');
  const always = tools.filter(({ _meta }) => _meta?.['anthropic/alwaysLoad'] === true).map(({ name }) => name);
  expect(always).toEqual(['verify', 'wait']);
  const structured = tools.filter(({ outputSchema }) => outputSchema !== undefined).map(({ name }) => name);
  expect(structured).toEqual(['verify', 'wait', 'cancel']);
});
