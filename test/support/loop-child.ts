// Runs or resumes the counting loop of a checkout as a process of its own, which a test can kill. With a second argument k,
// it kills itself when the loop looks at the clock for the kth time: before and after every act, so at every point once.
import { commandAgent } from '../../gym/agent/command.ts';
import { runLoop } from '../../gym/loop/loop.ts';
import { countDown, countingLoop, judgeCount } from './counting.ts';

const [checkout = '', killAt = 'never'] = process.argv.slice(2);
let looks = 0;
const clock = (): number => {
  looks += 1;
  if (String(looks) === killAt) process.kill(process.pid, 'SIGKILL');
  return Date.now();
};
const request = countingLoop(checkout, {
  clock,
  agent: commandAgent(`setsid sleep 20 & sleep 0.05; ${countDown}; sleep 0.05`),
  verify: (asked) => judgeCount(asked, 50),
});
const report = await runLoop(request);
if (!report.ok) {
  console.error(report.problems[0].message);
  process.exit(2);
}
console.log(JSON.stringify({ ...report.value, looks }));
