import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { gym } from '../../support/gym/program.ts';

test.each(['--version', '-v', '-V', 'version'])('gym %s tells the version', async (word) => {
  const end = await gym(tmpdir(), [word]);
  expect(end).toEqual({ exitCode: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: '' });
});
