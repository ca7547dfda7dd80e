import type { Command } from '../command.ts';

/** Commands for gym itself, and for a repo that has no task yet. */
export const gymCommands: readonly Command[] = [
  {
    name: 'init',
    group: 'gym',
    usage: 'init [--force]',
    summary: 'write a first task for the repo in this folder: task.ts, TASK.md, and a Compose file for its tests',
    examples: [['gym init', 'reads package.json, pyproject.toml, go.mod, Cargo.toml, compose.yaml, …']],
    options: { force: { kind: 'flag', help: 'overwrite what is there, but for TASK.md' } },
    positionals: { least: 0, most: 0 },
    load: () => import('../commands/init.ts'),
  },
  {
    name: 'gc',
    group: 'gym',
    usage: 'gc [--dry-run]',
    summary: 'remove what nobody holds: leftovers, old images, old runs, worktrees',
    examples: [['gym gc --dry-run', 'what it would remove, with sizes']],
    options: { 'dry-run': { kind: 'flag', short: 'n', help: 'list it and remove nothing' } },
    positionals: { least: 0, most: 0 },
    load: () => import('../commands/gc.ts'),
  },
  {
    name: 'doctor',
    group: 'gym',
    usage: 'doctor',
    summary: 'check what gym needs on this machine',
    examples: [],
    options: {},
    positionals: { least: 0, most: 0 },
    load: () => import('../commands/doctor.ts'),
  },
];
