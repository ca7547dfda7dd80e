import { join } from 'node:path';
import { execa, type ResultPromise } from 'execa';
import { expect, test } from 'vitest';
import { claudeCode, codex, fetchProgram } from '../../support/agent-programs.ts';
import { tinyCheckout } from '../../support/gym/checkout.ts';
import { leftOf } from '../../support/gym/engine.ts';
import { program as gym } from '../../support/gym/program.ts';
import type { Turn } from '../../support/model-server/script.ts';
import { startModelServer } from '../../support/model-server/server.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/repository.ts';

const usage = { inputTokens: 10, cachedInputTokens: 0, outputTokens: 1 };
const repair = 'touch envs/tiny/answer.txt';

/** How an agent's program is told of a server, run, and how its model calls a tool. */
interface Kind {
  readonly name: string;
  readonly file: string | undefined;
  readonly gymTool: (name: string) => NonNullable<Turn['call']>;
  readonly shell: NonNullable<Turn['call']>;
  readonly run: (file: string, cwd: string, home: TemporaryFolder, modelUrl: string) => ResultPromise;
}

const kinds: readonly Kind[] = [
  {
    name: 'Claude Code',
    file: await fetchProgram(claudeCode),
    gymTool: (name) => ({ name: `mcp__gym__${name}`, input: {} }),
    shell: { name: 'Bash', input: { command: repair, description: 'repair' } },
    run: (file, cwd, home, modelUrl) => {
      home.write(
        'mcp.json',
        JSON.stringify({ mcpServers: { gym: { command: process.execPath, args: [gym, 'mcp'] } } }),
      );
      const mode = ['-p', 'Make it pass.', '--permission-mode', 'bypassPermissions'];
      return execa(file, [...mode, '--mcp-config', join(home.path, 'mcp.json'), '--strict-mcp-config'], {
        ...{ cwd, input: '' },
        env: {
          ...{ HOME: home.path, CLAUDE_CONFIG_DIR: join(home.path, '.claude'), IS_SANDBOX: '1' },
          ...{ ANTHROPIC_BASE_URL: modelUrl, ANTHROPIC_API_KEY: 'key of the scripted model' },
          ...{ CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', DISABLE_AUTOUPDATER: '1' },
        },
      });
    },
  },
  {
    name: 'Codex',
    file: await fetchProgram(codex),
    gymTool: (name) => ({ name, namespace: 'mcp__gym', input: {} }),
    shell: { name: 'exec_command', input: { cmd: repair } },
    run: (file, cwd, home, modelUrl) => {
      const config = [
        'model = "scripted"\nmodel_provider = "scripted"\n[model_providers.scripted]\nname = "scripted"',
        `base_url = "${modelUrl}/v1"\nwire_api = "responses"\nenv_key = "CODEX_API_KEY"\nsupports_websockets = false`,
        `[mcp_servers.gym]\ncommand = ${JSON.stringify(process.execPath)}\nargs = ${JSON.stringify([gym, 'mcp'])}\n`,
      ];
      home.write('.codex/config.toml', config.join('\n'));
      const flags = ['--json', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox'];
      return execa(file, ['exec', ...flags, 'Make it pass.'], {
        ...{ cwd, input: '' },
        env: { HOME: home.path, CODEX_HOME: join(home.path, '.codex'), CODEX_API_KEY: 'key of the scripted model' },
      });
    },
  },
];

test.for(kinds)('$name verifies by MCP, repairs what the verdict names, and verifies again', async (kind, context) => {
  const { file, gymTool, shell } = kind;
  if (file === undefined) return context.skip();
  using checkout = tinyCheckout({ stages: [{ name: 'unit', command: 'test -f answer.txt' }] });
  using home = temporaryFolder();
  const judge = [gymTool('verify'), gymTool('wait')];
  const server = await startModelServer([
    ...[...judge, shell, ...judge].map((call) => ({ call, usage })),
    { text: 'It passes.', usage },
  ]);
  try {
    const { stdout } = await kind.run(file, checkout.path, home, server.url);
    expect(stdout).toContain('It passes.');
  } finally {
    await server.close();
  }
  // What the model was shown: each request has all that was said before.
  const shown = server.requests.map((request) => JSON.stringify(request));
  expect(shown).toHaveLength(6);
  expect(shown[0]).toContain('Only pass (or waived) is done');
  expect(shown[1]).toMatch(/run \d{8}-\d{6}-[\da-f]{4}: running/);
  expect(shown[2]).toContain('FAIL tiny');
  expect(shown[2]).toContain('fail unit');
  expect(shown[4]).not.toContain('PASS tiny');
  expect(shown[5]).toContain('PASS tiny');
  await expect.poll(() => leftOf(checkout.path), { timeout: 20_000 }).toEqual([]);
});
