// What runs in a load's container: reads its plan from the file that its argument names, and prints lines of JSON.
import { readFileSync } from 'node:fs';
import { loadPlan } from './plan.ts';
import { runLoad } from './run.ts';

const plan = loadPlan.parse(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')));
await runLoad(plan, (line) => process.stdout.write(`${JSON.stringify(line)}\n`));
