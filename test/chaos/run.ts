// The long run: `npm run chaos [KILLS] [SEED]`. Prints each kill and the figures of docs/reliability.md.
import { chaos, medianAndMost } from './chaos.ts';

const [kills = 50, seed = 1] = process.argv.slice(2).map(Number);
const start = performance.now();
const {
  kills: done,
  leftAtLast,
  broken,
  verifyExitCode,
  loopExitCode,
} = await chaos(seed, kills, (kill) => {
  const left = kill.left.length === 0 ? '' : `  LEFT: ${kill.left.join(', ')}`;
  console.log(
    `${kill.scenario.padEnd(7)} killed after ${String(Math.round(kill.afterMs)).padStart(5)} ms, gone by ${kill.reapedBy.padEnd(8)} ${String(Math.round(kill.reapMs)).padStart(5)} ms later${left}`,
  );
});
const by = Map.groupBy(done, ({ reapedBy }) => reapedBy);
for (const [who, members] of by) {
  const { median, most } = medianAndMost(members.map(({ reapMs }) => reapMs));
  console.log(
    `${who}: ${members.length} kills, last seen after ${Math.round(median)} ms (median), ${Math.round(most)} ms (most)`,
  );
}
const left = [...done.flatMap((kill) => kill.left), ...leftAtLast];
console.log(
  `seed ${seed}: ${done.length} kills in ${Math.round((performance.now() - start) / 1000)} s, ${left.length} leftovers`,
);
console.log(`store: ${broken.length === 0 ? 'sound' : broken.join('; ')}`);
console.log(`next run: exit code ${verifyExitCode}; the loop gone on with: ${loopExitCode}`);
process.exitCode = left.length + broken.length > 0 || verifyExitCode !== 0 || done.length < kills ? 1 : 0;
