// How long the snapshot of a big workspace takes when little has changed. Needs no engine; `node scripts/bench/snapshot.ts` runs it alone.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { taskSchema } from '../../gym/task/schema.ts';
import { commitBaseline } from '../../gym/workspace/baseline.ts';
import { findCommit } from '../../gym/workspace/commit.ts';
import { protectionOf } from '../../gym/workspace/protection.ts';
import { takeSnapshot } from '../../gym/workspace/snapshot.ts';
import { median, table, writeFigures } from './measure.ts';

const fileCount = 50_000;
const rounds = 7;

/** Measures it and writes the figures into docs/benchmarks.md. */
export async function benchSnapshot(): Promise<void> {
  const top = mkdtempSync(join(tmpdir(), 'gym-bench-'));
  try {
    const workspace = join(top, 'ws');
    const pathOf = (n: number): string => join(workspace, `package-${n % 50}/source-${n % 1000}/file-${n}.ts`);
    for (let n = 0; n < fileCount; n += 1) {
      mkdirSync(dirname(pathOf(n)), { recursive: true });
      writeFileSync(pathOf(n), `export const n${n} = ${n};\n`.repeat(30));
    }
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=b', '-c', 'user.email=b@b', ...args], { cwd: workspace });
    git('init', '--quiet', '--initial-branch=main');
    git('add', '--all');
    git('commit', '--quiet', '--message=all');
    const first = await oneSnapshot(workspace, top);
    const ms = [];
    for (let round = 0; round < rounds; round += 1) {
      writeFileSync(pathOf(round * 7), `changed in round ${round}\n`);
      ms.push(await oneSnapshot(workspace, top));
    }
    const cells = [[String(fileCount), first.toFixed(0), median(ms).toFixed(0), String(rounds)]];
    writeFigures('snapshot', table(['files', 'the first, ms', 'one file changed, ms', 'rounds'], cells));
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

/** Milliseconds of all that a bare `gym verify` does before anything is brought up: the baseline found, and the snapshot taken. */
async function oneSnapshot(workspace: string, top: string): Promise<number> {
  const stage = { name: 'unit', command: 'true' };
  const definition = { name: 'big', instruction: 'TASK.md', compose: 'compose.yaml', stages: [stage] };
  const task = { ...taskSchema.parse(definition), file: join(workspace, 'task.ts'), root: workspace };
  const before = performance.now();
  const commit = await findCommit(workspace, undefined);
  const baseline = commit.ok ? await commitBaseline(commit.value) : commit;
  if (!baseline.ok) throw new Error(baseline.problems[0].message);
  const place = { directory: join(top, 'tree'), memoryFile: join(top, 'memory') };
  const taken = await takeSnapshot({ workspace, baseline: baseline.value, protection: protectionOf(task), ...place });
  if (!taken.ok || taken.value.files !== fileCount) throw new Error('the snapshot is not whole');
  return performance.now() - before;
}

if (import.meta.main) await benchSnapshot();
