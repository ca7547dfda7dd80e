import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { shuffleCheckout, tapStage, tinyCheckout, writeTask } from '../../support/gym/checkout.ts';
import { gym } from '../../support/gym/program.ts';

test('gym docs writes what an agent must know, keeps what is not its own, and tells when it is no longer true', async () => {
  using checkout = tinyCheckout();
  const read = (name: string): string => readFileSync(join(checkout.path, name), 'utf8');
  checkout.write('AGENTS.md', '# Ours\n\nUse tabs.\n');
  const check = await gym(checkout.path, ['docs', 'tiny', '--check']);
  expect(check).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('gym docs tiny --write AGENTS.md') });
  expect(read('AGENTS.md')).toBe('# Ours\n\nUse tabs.\n');
  // What is not written is not missed by the doctor.
  expect(await gym(checkout.path, ['doctor'])).toMatchObject({ exitCode: 0 });

  expect(await gym(checkout.path, ['docs'])).toMatchObject({ exitCode: 0, stdout: 'AGENTS.md written\n' });
  const text = read('AGENTS.md');
  expect(text.startsWith('# Ours\n\nUse tabs.\n\n<!-- gym:begin tiny: ')).toBe(true);
  for (const fact of [
    'gym verify tiny',
    'it is `npx gym`',
    'gym up tiny',
    'gym exec box',
    '1 service (box)',
    'Stage unit (in box)',
    'exits with 0',
  ])
    expect(text).toContain(fact);
  expect(await gym(checkout.path, ['docs'])).toMatchObject({ exitCode: 0, stdout: 'AGENTS.md is up to date\n' });
  expect(await gym(checkout.path, ['docs', '--skill'])).toMatchObject({ exitCode: 0 });
  const skill = read('.agents/skills/gym-tiny/SKILL.md');
  expect(skill).toMatch(/^---\nname: gym-tiny\ndescription: .+\n---\n\n<!-- gym:begin tiny: /);
  expect((await gym(checkout.path, ['docs', '--check'])).stdout.match(/is up to date/g)).toHaveLength(2);
  expect(await gym(checkout.path, ['doctor'])).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('AGENTS.md'),
  });

  writeTask(checkout, { stages: [{ ...tapStage('1..1\nok 1\n'), name: 'e2e' }] });
  expect(await gym(checkout.path, ['docs', '--check'])).toMatchObject({ exitCode: 1 });
  const doctor = await gym(checkout.path, ['doctor']);
  expect(doctor).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('gym docs tiny --write AGENTS.md') });
  await gym(checkout.path, ['docs']);
  await gym(checkout.path, ['docs', '--skill']);
  expect(read('AGENTS.md')).toContain('Stage e2e');
  expect(await gym(checkout.path, ['doctor'])).toMatchObject({ exitCode: 0 });
});

test('of the example it is short, with paths from the top, and a damaged section is not touched', async () => {
  using checkout = shuffleCheckout();
  expect(await gym(checkout.path, ['docs', 'shuffle', '--write', 'docs/CLAUDE.md'])).toMatchObject({ exitCode: 0 });
  const file = join(checkout.path, 'docs/CLAUDE.md');
  const text = readFileSync(file, 'utf8');
  expect(text).toContain('envs/shuffle/TASK.md says what to do');
  expect(text).toContain('`envs/shuffle/harness/**`');
  expect(text).toContain('driver');
  expect(Buffer.byteLength(text)).toBeLessThan(2500);
  const damaged = text.replace(/<!-- gym:end.*\n/, '');
  checkout.write('docs/CLAUDE.md', damaged);
  const end = await gym(checkout.path, ['docs', 'shuffle', '--write', 'docs/CLAUDE.md']);
  expect(end).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('docs/CLAUDE.md') });
  expect(readFileSync(file, 'utf8')).toBe(damaged);
  expect(existsSync(join(checkout.path, '.gym'))).toBe(false);
});
