import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { claudeCode, codex, fetchProgram, geminiCli } from '../../support/agent-programs.ts';
import { runsOf } from '../../support/gym/checkout.ts';
import { gym } from '../../support/gym/program.ts';
import { countCheckout, path } from '../../support/hooks.ts';
import type { Turn } from '../../support/model-server/script.ts';
import { startModelServer } from '../../support/model-server/server.ts';
import { temporaryFolder } from '../../support/repository.ts';

type Name = 'claude' | 'codex' | 'gemini';
const files = {
  claude: await fetchProgram(claudeCode),
  codex: await fetchProgram(codex),
  gemini: await fetchProgram(geminiCli),
};
const real = (name: Name) => test.skipIf(files[name] === undefined);

/** How each program is run without a person, and what it has in its home. `trusts`: the person trusts the hooks of the checkout. */
const programs: Record<
  Name,
  (home: string, url: string, checkout: string, trusts: boolean) => { args: string[]; env: Record<string, string> }
> = {
  claude: (home, url) => ({
    args: ['-p', '--output-format', 'stream-json', '--verbose', '--permission-mode', 'bypassPermissions'],
    env: {
      ...{
        CLAUDE_CONFIG_DIR: join(home, '.claude'),
        ANTHROPIC_BASE_URL: url,
        ANTHROPIC_API_KEY: 'key',
        IS_SANDBOX: '1',
      },
      ...{ CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', DISABLE_AUTOUPDATER: '1' },
    },
  }),
  codex: (home, url, checkout, trusts) => {
    const provider = `name = "scripted"\nbase_url = "${url}/v1"\nwire_api = "responses"\nenv_key = "CODEX_API_KEY"\nsupports_websockets = false`;
    // A model that Codex knows has the tool apply_patch.
    const config = `model = "gpt-5.5"\nmodel_provider = "scripted"\n[model_providers.scripted]\n${provider}\n[projects."${checkout}"]\ntrust_level = "trusted"\n`;
    writeFileSync(join(home, 'config.toml'), config);
    const trust = trusts ? ['--dangerously-bypass-hook-trust'] : [];
    const args = ['exec', '--json', '--dangerously-bypass-approvals-and-sandbox', ...trust, '-'];
    return { args, env: { CODEX_HOME: home, CODEX_API_KEY: 'key' } };
  },
  gemini: (home, url, checkout, trusts) => {
    mkdirSync(join(home, '.gemini'));
    writeFileSync(join(home, '.gemini/settings.json'), '{"security":{"auth":{"selectedType":"gemini-api-key"}}}');
    if (trusts)
      writeFileSync(join(home, '.gemini/trustedFolders.json'), JSON.stringify({ [checkout]: 'TRUST_FOLDER' }));
    const trust = trusts ? [] : ['--skip-trust'];
    return {
      args: ['-y', '-m', 'gemini-2.5-pro', ...trust],
      env: { GEMINI_API_KEY: 'key', GOOGLE_GEMINI_BASE_URL: url },
    };
  },
};

/** Lets the real program work in a checkout, whose model says what the script says; gives what the model read last, and what the person did. */
async function work(name: Name, checkout: string, script: readonly Omit<Turn, 'usage'>[], { trusts = true } = {}) {
  using home = temporaryFolder();
  const usage = { inputTokens: 10, cachedInputTokens: 0, outputTokens: 1 };
  const server = await startModelServer(script.map((turn) => ({ ...turn, usage })));
  try {
    const { args, env } = programs[name](home.path, server.url, checkout, trusts);
    const ended = await execa(files[name] ?? '', args, {
      ...{ cwd: checkout, input: 'Make n.txt say 0.', reject: false, all: true },
      env: { HOME: home.path, PATH: path, ...env },
    });
    return { asked: server.requests.length, read: JSON.stringify(server.requests.at(-1)), shown: ended.all };
  } finally {
    await server.close();
  }
}

const patch = (file: string, before: string, after: string): Omit<Turn, 'usage'> => ({
  call: {
    name: 'apply_patch',
    input: `*** Begin Patch\n*** Update File: ${file}\n@@\n-${before}\n+${after}\n*** End Patch\n`,
  },
});

/** Four edits in each program's words: of a protected file, of one that breaks the quick stage, and of the one that is right. */
const edits: Record<Name, (folder: string) => Omit<Turn, 'usage'>[]> = {
  claude: (folder) => [
    { call: { name: 'Write', input: { file_path: join(folder, 'check/count.sh'), content: 'true\n' } } },
    { call: { name: 'Read', input: { file_path: join(folder, 'n.txt') } } },
    { call: { name: 'Edit', input: { file_path: join(folder, 'n.txt'), old_string: '2', new_string: 'x' } } },
    { call: { name: 'Write', input: { file_path: join(folder, 'n.txt'), content: '0\n' } } },
  ],
  codex: () => [
    patch('envs/tiny/check/syntax.sh', 'grep', 'true'),
    {
      call: {
        name: 'exec_command',
        input: {
          cmd: "apply_patch <<'E'\n*** Begin Patch\n*** Delete File: envs/tiny/check/count.sh\n*** End Patch\nE",
        },
      },
    },
    patch('envs/tiny/n.txt', '2', 'x'),
    patch('envs/tiny/n.txt', 'x', '0'),
  ],
  gemini: (folder) => [
    { call: { name: 'write_file', input: { file_path: 'envs/tiny/check/count.sh', content: 'true\n' } } },
    { call: { name: 'write_file', input: { file_path: 'envs/tiny/n.txt', content: '1\n' } } },
    {
      call: {
        name: 'replace',
        input: { file_path: join(folder, 'n.txt'), old_string: '1', new_string: 'x', instruction: 'x' },
      },
    },
    { call: { name: 'write_file', input: { file_path: 'envs/tiny/n.txt', content: '0\n' } } },
  ],
};

for (const name of ['claude', 'codex', 'gemini'] as const) {
  real(name)(
    `${name} is sent back with the verdict, kept from a protected file, told of a bad edit, and stops when it is done`,
    async () => {
      using folder = countCheckout(2);
      const { path: checkout } = folder;
      const tiny = join(checkout, 'envs/tiny');
      expect((await gym(checkout, ['hooks', 'install', name])).stderr).toBe('');
      // So that the quick stage is known to need no environment.
      folder.git('add', '-A');
      const passed = {
        session_id: 's',
        cwd: checkout,
        hook_event_name: name === 'gemini' ? 'AfterTool' : 'PostToolUse',
      };
      await execa(join(checkout, 'node_modules/.bin/gym'), ['hooks', 'run', name, 'envs/tiny'], {
        cwd: checkout,
        env: { PATH: path },
        input: JSON.stringify(passed),
      });

      const script = [
        { text: 'Done.' },
        ...edits[name](tiny),
        { text: 'Done now.' },
        { text: 'Asked once too often.' },
      ];
      const { asked, read, shown } = await work(name, checkout, script);
      expect(asked).toBe(script.length - 1);
      expect(read).toContain('gym: not done, so go on');
      expect(read).toContain('n is 2, want 0');
      expect(read).toMatch(/count\.sh is protected|syntax\.sh is protected/);
      expect(read).toContain('gym, after this edit: fail syntax: exit code 1');
      // Codex's JSON has nothing of what hooks tell the person.
      if (name !== 'codex') expect(shown).toContain('gym: PASS count');
      expect(readFileSync(join(tiny, 'n.txt'), 'utf8')).toBe('0\n');
      expect(folder.git('status', '--short', 'envs/tiny/check')).toBe('');
      const states = runsOf(checkout).map(
        (run) => JSON.parse(readFileSync(join(checkout, '.gym/runs', run, 'verdict.json'), 'utf8')).state,
      );
      expect(states).toEqual(['fail', 'pass']);
    },
  );
}

real('claude')(
  'however often it says that it is done, and whatever it does meanwhile, an agent is sent back as often as the task allows',
  async () => {
    using folder = countCheckout(2, { limits: { attempts: 2 } });
    await gym(folder.path, ['hooks', 'install', 'claude']);
    const date = { call: { name: 'Bash', input: { command: 'date +%N >> envs/tiny/log', description: 'd' } } };
    const { asked, shown } = await work('claude', folder.path, [
      { text: 'Done.' },
      date,
      { text: 'Done.' },
      date,
      { text: 'Done.' },
      date,
    ]);
    expect(asked).toBe(5);
    expect(shown).toContain('gym lets the agent stop, though the task is not done: it was sent back 2 times');
    expect(runsOf(folder.path)).toHaveLength(3);
  },
);

for (const name of ['codex', 'gemini'] as const) {
  real(name)(`${name} runs no hooks that nobody trusts`, async () => {
    using folder = countCheckout(2);
    await gym(folder.path, ['hooks', 'install', name]);
    const { asked } = await work(name, folder.path, [{ text: 'Done.' }], { trusts: false });
    expect(asked).toBe(1);
    expect(runsOf(folder.path)).toEqual([]);
  });
}
