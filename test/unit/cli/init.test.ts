import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resultsFile } from '../../../gym/cli/init/harness.ts';
import { otherHarnesses } from '../../../gym/cli/init/others.ts';
import { parseResults } from '../../../gym/harness/parse/index.ts';
import { temporaryFolder } from '../../support/repository.ts';

const sample = join(import.meta.dirname, '../../fixtures/results/surefire-cart.junit.xml');

test.each([
  ['pom.xml', 'mvnw', 'target/surefire-reports'],
  ['build.gradle', 'gradlew', 'build/test-results/test'],
])('of %s the reports of all classes are one file, and the exit code is kept', (file, program, reports) => {
  using folder = temporaryFolder();
  const names = [file, program];
  const repo = { has: (name: string) => names.includes(name), text: () => '', names };
  const [stage] = otherHarnesses.flatMap((harness) => harness(repo)?.stages ?? []);
  const results = join(folder.path, 'results.xml');
  const command = stage?.command.replaceAll(resultsFile('xml'), results) ?? '';
  // Stands in for the tool: it fails, with or without reports.
  folder.write(program, 'exit 3\n');
  execFileSync('chmod', ['+x', program], { cwd: folder.path });
  const run = () => spawnSync('sh', ['-c', command], { cwd: folder.path }).status;
  expect(run()).toBe(3);
  expect(existsSync(results)).toBe(false);

  for (const name of ['TEST-a.xml', 'TEST-b.xml']) {
    folder.write(`${reports}/${name}`, '');
    copyFileSync(sample, join(folder.path, reports, name));
  }
  expect(run()).toBe(3);
  const casesOf = (path: string): number => {
    const found = parseResults('junit', readFileSync(path, 'utf8'), folder.path);
    return found.kind === 'cases' ? found.cases.length : 0;
  };
  expect(casesOf(sample)).toBeGreaterThan(1);
  expect(casesOf(results)).toBe(2 * casesOf(sample));
});
