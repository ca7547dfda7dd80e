import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadWith, proposalStore } from '../../api/proposals.ts';
import { failed, ok, type Problem, type Result } from '../../events/problem.ts';
import { type Proposal, readProposals, writeProposal } from '../../store/proposals.ts';
import { checkoutOf, taskFile } from '../../store/store.ts';
import { findJudging } from '../../workspace/judging.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { tableText } from '../render/style.ts';

/** `gym review`: lists proposals, shows one, or decides on it, which a person does at a terminal. */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  const store = proposalStore(context.cwd);
  const proposals = readProposals(store);
  const [named] = args.positionals;
  if (named === undefined) {
    context.stdout.write(
      proposals.length === 0
        ? 'there are no proposals\n'
        : `${tableText([header, ...proposals.map(cells)], context.stdout.columns)}\n`,
    );
    return 0;
  }
  const proposal = proposals.find(({ id }) => id === named);
  if (proposal === undefined)
    return [{ kind: 'usage', message: `there is no proposal ${named}`, remedy: 'gym review lists them.' }];
  const [accept, reject] = [args.flag('accept'), args.flag('reject')];
  if (accept && reject) return [{ kind: 'usage', message: '--accept and --reject exclude each other' }];
  if (!accept && !reject) {
    context.stdout.write(`${proposalText(proposal)}\n`);
    return 0;
  }
  const refused = notAPerson(context, named, accept ? '--accept' : '--reject');
  if (refused !== undefined) return [refused];
  const loaded = accept ? await loadProposed(context, proposal) : ok(undefined);
  if (!loaded.ok) return loaded.problems;
  const state = accept ? 'accepted' : 'rejected';
  writeProposal(store, { ...proposal, state, decidedAt: Date.now() });
  context.stdout.write(`${named} ${state}\n`);
  return 0;
}

/** Loads the task as it would be, were a proposal accepted. */
async function loadProposed({ cwd }: Context, { id, folder, files }: Proposal): Promise<Result<unknown>> {
  const file = join(checkoutOf(cwd), folder, taskFile);
  // Of a task that is not in this checkout nothing is known.
  const judging = existsSync(file) ? await findJudging(file, undefined) : undefined;
  if (judging?.ok !== true || judging.value.kind === 'own') return ok(undefined);
  const task = await loadWith(file, judging.value, files);
  if (task.ok) return task;
  const remedy = `That is with proposal ${id}, so it is not accepted; to be rid of it: gym review ${id} --reject`;
  const [first, ...others] = task.problems;
  return failed({ ...first, remedy }, ...others);
}

/** What an agent runs has no terminal, or says by its variables whose it is. This keeps the honest ones away, and no others. */
function notAPerson({ isAgent, stdin, env }: Context, id: string, option: string): Problem | undefined {
  const remedy = `At a terminal of your own: gym review ${id} ${option}`;
  if (isAgent || env['GYM_RUN_ID'] !== undefined)
    return { kind: 'usage', message: 'a person decides on proposals, not an agent', remedy };
  return stdin.isTty ? undefined : { kind: 'usage', message: 'a person decides on proposals, at a terminal', remedy };
}

const header = ['ID', 'STATE', 'TASK', 'FILES', 'REASON'];

function cells({ id, state, task, files, reason }: Proposal): string[] {
  return [id, state, task, files.map(({ path }) => path).join(', '), reason];
}

function proposalText({ id, state, task, reason, loop, isAgents, at, diff }: Proposal): string {
  const by = loop === null ? (isAgents ? 'an agent' : 'a person') : `the agent of the loop ${loop}`;
  return `${id} (${state}): ${task}, proposed by ${by} at ${new Date(at).toISOString()}\n${reason}\n\n${diff.trimEnd()}`;
}
