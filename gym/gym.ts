#!/usr/bin/env node
// The program `gym`. It has to start, and say what it needs, on a Node that could not even read the rest: so it imports
// nothing of gym's before it knows the version, and uses no newer syntax.
import module from 'node:module';

const oldestMajor = 24;
const exitCodes = { usage: 2, environment: 4, bug: 70 };
const exitGraceMs = 1000;

const damaged = [
  'is damaged',
  'Move it away with the files beside it, and gym begins another one; the verdicts in .gym/runs stay.',
];
/** Why SQLite refused its file, and what to do, by its result code. */
const historyLacks: Readonly<Record<number, readonly string[]>> = {
  5: ['has been locked by another process for too long', 'Run it again when that has ended.'],
  8: ['cannot be written', 'Make it writable, then run it again.'],
  11: damaged,
  14: ['cannot be opened', 'Make it and .gym readable and writable, then run it again.'],
  26: damaged,
};

if (Number.parseInt(process.versions.node, 10) < oldestMajor) {
  process.stderr.write(`gym needs Node.js ${oldestMajor} or newer; this is ${process.versions.node}.\n`);
  process.exitCode = exitCodes.usage;
} else {
  // Compiled code is kept between starts, which saves most of the time a start takes.
  module.enableCompileCache();
  process.on('uncaughtException', (error) => process.exit(tell(error)));
  try {
    const { main } = await import('./main.ts');
    process.exitCode = await main(process.argv.slice(2));
    // A connection that nobody answers any more (an engine that hangs) must not hold what is done. Else this never fires.
    setTimeout(() => process.exit(), exitGraceMs).unref();
  } catch (error) {
    process.exit(tell(error));
  }
}

/** Says why gym could not go on. Node itself would end with 1, which says that the task was judged and failed. */
function tell(error: unknown): number {
  const field = (name: string): unknown => (error instanceof Error ? Reflect.get(error, name) : undefined);
  // Of SQLite (sqlite.org/rescode.html); the higher bits tell more. An input/output error may be a full disk too.
  const sqlite = Number(field('errcode')) & 0xff;
  if ([10, 13].includes(sqlite) || field('code') === 'ENOSPC' || field('code') === 'EDQUOT') {
    console.error(`gym: the disk is full (${field('message')}). Make room, then run it again.`);
    return exitCodes.environment;
  }
  const lack = historyLacks[sqlite];
  if (lack !== undefined) {
    console.error(
      `gym: the history of this checkout, .gym/history.sqlite, ${lack[0]} (${field('message')}). ${lack[1]}`,
    );
    return exitCodes.environment;
  }
  const path = field('path');
  // Of a read-only file system, Node's mkdir of a folder with those above it says that there is no such file.
  const isNotMade = field('code') === 'ENOENT' && field('syscall') === 'mkdir';
  if (path !== undefined && (isNotMade || ['EROFS', 'EACCES', 'EPERM'].includes(String(field('code'))))) {
    const what = isNotMade
      ? `the folder ${path}, which gym needs, cannot be made: what is above it is read-only or gone`
      : `a file or folder that gym needs cannot be used (${field('message')})`;
    console.error(`gym: ${what}. Make it writable, then run it again.`);
    return exitCodes.environment;
  }
  console.error('gym: this is a bug in gym:', error);
  return exitCodes.bug;
}
