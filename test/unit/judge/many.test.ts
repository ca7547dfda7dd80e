import { join } from 'node:path';
import { execa } from 'execa';
import { build } from 'rolldown';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { temporaryFolder } from '../../support/repository.ts';

const result = z.object({
  samples: z.number(),
  checks: z.number(),
  passed: z.number(),
  cpuMs: z.number(),
  peakBytes: z.number(),
});

// The processor's time, because others may be using the machine; bundled, as gym is when it is installed.
test('1,000 checks over 1,000,000 samples are judged in less than 2 s, in a process of less than 300 MB', async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, 'many.mjs');
  const resolve = { mainFields: ['module', 'main'] };
  await build({
    input: join(import.meta.dirname, 'many.ts'),
    platform: 'node',
    resolve,
    logLevel: 'silent',
    output: { file },
  });
  const { stdout } = await execa('node', [file], { preferLocal: true });
  const { cpuMs, peakBytes, ...counts } = result.parse(JSON.parse(stdout));
  expect(counts).toEqual({ samples: 1_000_000, checks: 1000, passed: 1000 });
  expect(cpuMs).toBeLessThan(2000);
  expect(peakBytes).toBeLessThan(300e6);
}, 120_000);
