import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chooseAgent } from '../../../gym/agent/choose.ts';
import { taskIn, temporaryFolder } from '../../support/repository.ts';

const task = taskIn('/nowhere');

test.each([
  ['oracle', 'oracle'],
  ['command: make it so ', 'command:make it so'],
])('%j is an agent', (choice, name) => {
  expect(chooseAgent(choice, task, {})).toMatchObject({ ok: true, value: { name } });
});

test.each([
  ['orcale', 'there is no agent orcale'],
  ['command: ', 'the command is empty'],
  ['', 'there is no agent '],
])('%j is a usage problem that names what is meant, or the agents', (choice, message) => {
  const remedy = choice === 'orcale' ? 'Did you mean oracle?' : expect.stringContaining('oracle, claude, codex');
  expect(chooseAgent(choice, task, {})).toMatchObject({ ok: false, problems: [{ kind: 'usage', message, remedy }] });
});

test.each(['claude', 'codex'])('%s is looked for on the PATH, or where its variable says', (name) => {
  using folder = temporaryFolder();
  folder.write(`bin/${name}`, '#!/bin/sh\n');
  const program = join(folder.path, 'bin', name);
  const variable = `GYM_${name.toUpperCase()}`;
  const missing = [
    [{ PATH: '' }, `${name} is not on the PATH`],
    [{ PATH: join(folder.path, 'bin') }, `${name} is not on the PATH`],
    [{ PATH: '', [variable]: folder.path }, `${variable} names ${folder.path}, which is no program`],
  ] as const;
  for (const [env, message] of missing) {
    const remedy = expect.stringContaining('npm install -g');
    expect(chooseAgent(name, task, env)).toMatchObject({
      ok: false,
      problems: [{ kind: 'environment', message, remedy }],
    });
  }
  chmodSync(program, 0o755);
  expect(chooseAgent(name, task, { PATH: join(folder.path, 'bin') })).toMatchObject({ ok: true, value: { name } });
  expect(chooseAgent(name, task, { PATH: '', [variable]: program })).toMatchObject({ ok: true, value: { name } });
});
