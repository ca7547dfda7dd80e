#!/usr/bin/env node
// The program `gym`. It has to start, and say what it needs, on a Node that could not even read the rest: so it imports
// nothing of gym's before it knows the version, and uses no newer syntax.
import module from 'node:module';

const oldestMajor = 24;
const exitCodes = { usage: 2, bug: 70 };
const exitGraceMs = 1000;

if (Number.parseInt(process.versions.node, 10) < oldestMajor) {
  process.stderr.write(`gym needs Node.js ${oldestMajor} or newer; this is ${process.versions.node}.\n`);
  process.exitCode = exitCodes.usage;
} else {
  // Compiled code is kept between starts, which saves most of the time a start takes.
  module.enableCompileCache();
  // Node itself would end with 1, which says that the task was judged and failed.
  const onBug = (error: unknown): void => {
    console.error('gym: this is a bug in gym:', error);
    process.exit(exitCodes.bug);
  };
  process.on('uncaughtException', onBug);
  try {
    const { main } = await import('./main.ts');
    process.exitCode = await main(process.argv.slice(2));
    // A connection that nobody answers any more (an engine that hangs) must not hold what is done. Else this never fires.
    setTimeout(() => process.exit(), exitGraceMs).unref();
  } catch (error) {
    onBug(error);
  }
}
