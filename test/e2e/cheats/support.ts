import { globSync, mkdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { verdictSchema } from '../../../gym/judge/verdict.ts';
import { type TinyTask, tinyCheckout } from '../../support/gym/checkout.ts';
import { type GymEnd, gym } from '../../support/gym/program.ts';
import type { TemporaryFolder } from '../../support/repository.ts';

/** A way of seeming to be done. */
export interface Cheat {
  readonly name: string;
  /** Shell commands, run in the workspace as it was at the start. `OUTSIDE` is a folder of the agent's own. */
  readonly act: string;
  /** What the verdict has to say. */
  readonly why: RegExp;
  /** Shell commands before the next agent's. */
  readonly after?: string;
}

/** An exercise: a note has to say `done`, and its start state takes that out. */
interface Exercise extends TinyTask {
  readonly files: Readonly<Record<string, string>>;
  /** Path of the note. */
  readonly note?: string;
}

/** A checkout with the exercise. */
export function exercise({ files, note = 'note.txt', ...task }: Exercise): TemporaryFolder {
  const checkout = tinyCheckout(task);
  for (const [path, text] of Object.entries(files)) checkout.write(`envs/tiny/${path}`, text);
  checkout.write(`envs/tiny/${note}`, 'done\n');
  const patch = (from: string, to: string) => `--- a/${note}\n+++ b/${note}\n@@ -1 +1 @@\n-${from}\n+${to}\n`;
  checkout.write('envs/tiny/start/01.patch', patch('done', 'to do'));
  checkout.write('envs/tiny/solution/01.patch', patch('to do', 'done'));
  checkout.git('add', '-A');
  checkout.git('commit', '-qm', 'an exercise');
  return checkout;
}

const outsideOf = (checkout: TemporaryFolder): string =>
  `${realpathSync(dirname(checkout.path))}/outside-${checkout.path.slice(-6)}`;

/** Lets them work one after the other in one loop; each begins with the start state. */
export async function play(checkout: TemporaryFolder, cheats: readonly Cheat[]): Promise<GymEnd> {
  const outside = outsideOf(checkout);
  mkdirSync(outside, { recursive: true });
  const cases = cheats.map(({ act }, index) => `${index + 1}) ${act}\n;;`);
  const ends = cheats.map(({ after = ':' }, index) => `${index + 2}) ${after}\n;;`);
  // What the one before has left running is ended first: it might write after the files are put back.
  const script = `OUTSIDE=${outside}; start=$(git rev-list --max-parents=0 HEAD)
case $GYM_ATTEMPT in
${ends.join('\n')}
esac
git read-tree --reset "$start"; git checkout-index -qfa; git clean -qfdx
echo "$GYM_ATTEMPT" >attempt.txt
case $GYM_ATTEMPT in
${cases.join('\n')}
esac
:`;
  checkout.write('.git/agent.sh', script);
  const agent = `command:. ${join(checkout.path, '.git/agent.sh')}`;
  const limits = ['--max-attempts', String(cheats.length)];
  try {
    return await gym(checkout.path, ['loop', '--plain', '--agent', agent, ...limits]);
  } finally {
    rmSync(outside, { recursive: true, force: true });
  }
}

/** How each one's attempt was judged as gym printed it at the end, and what its verdict says as the agent got it. */
export function attemptsOf(checkout: TemporaryFolder, stdout: string, cheats: readonly Cheat[]): object[] {
  return cheats.map(({ name }, index) => {
    const [, state = 'not judged'] = new RegExp(`^${index + 1} +([A-Z]+) `, 'm').exec(stdout) ?? [];
    const [file = ''] = globSync(`.gym/runs/*/verdict-${index + 1}.json`, { cwd: checkout.path });
    if (file === '') return { name, state, said: '' };
    const verdict = verdictSchema.parse(JSON.parse(readFileSync(join(checkout.path, file), 'utf8')));
    const { headline, problems, workspace } = verdict;
    return { name, state, said: JSON.stringify({ headline, problems, restored: workspace.restored }) };
  });
}
