import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Store, writeAtomically } from './store.ts';

const proposedFile = z.object({
  /** Relative to the task's folder. */
  path: z.string(),
  /** What tells the content that it was changed from; null: the baseline has no such file. */
  base: z.string().nullable(),
  /** Its content, in base64; null: it is to go. */
  content: z.string().nullable(),
  isExecutable: z.boolean(),
});
export type ProposedFile = z.infer<typeof proposedFile>;

const proposal = z.object({
  schema: z.literal('gym.proposal/1'),
  id: z.string(),
  task: z.string(),
  /** The task's folder, relative to the top of the repository. */
  folder: z.string(),
  files: z.array(proposedFile),
  reason: z.string(),
  /** The loop whose agent made it; null: it was made outside of one. */
  loop: z.string().nullable(),
  isAgents: z.boolean(),
  diff: z.string(),
  at: z.number(),
  state: z.enum(['open', 'accepted', 'rejected']),
  decidedAt: z.number().nullable(),
});
/**
 * A change to protected files that somebody asks for.
 *
 *     gym propose ──► open ──gym review ID --accept──► accepted: counts as the baseline's, as long as that has what it was changed from
 *                       '────gym review ID --reject──► rejected
 */
export type Proposal = z.infer<typeof proposal>;

const folderOf = (store: Store): string => join(store.directory, 'proposals');

/** All proposals of a store, oldest first; what cannot be read is none. */
export function readProposals(store: Store): Proposal[] {
  const folder = folderOf(store);
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return files.flatMap((name) => readOne(join(folder, name))).sort((a, b) => a.at - b.at);
}

function readOne(file: string): Proposal[] {
  try {
    const parsed = proposal.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}

/** Writes a proposal, in the place of the one of its name. */
export function writeProposal(store: Store, made: Proposal): void {
  store.make();
  mkdirSync(folderOf(store), { recursive: true });
  writeAtomically(join(folderOf(store), `${made.id}.json`), `${JSON.stringify(made, null, 1)}\n`);
}

/** A name that no proposal has yet: four hexadecimal digits. */
export function newProposalId(store: Store): string {
  const taken = new Set(readProposals(store).map(({ id }) => id));
  for (;;) {
    const id = randomBytes(2).toString('hex');
    if (!taken.has(id)) return id;
  }
}

/** The store that proposals made in a folder belong to: in the worktree of a loop, that of the loop. */
export function checkoutOfLoop(folder: string): string | undefined {
  return /^(.*)\/\.gym\/worktrees\/[^/]+(\/|$)/.exec(folder)?.[1];
}
