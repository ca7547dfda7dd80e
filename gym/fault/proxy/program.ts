// What runs in the containers of faults of the traffic. It prints one line of JSON: what came of its task.
import { writeFileSync } from 'node:fs';
import { type Probed, probe } from './probe.ts';
import { plain, type Route, type Shape, startProxy } from './proxy.ts';
import { type Trial, tryShape } from './trial.ts';

/** What the program is to do; it stands in the variable GYM_PROXY. */
export type ProxyTask =
  | {
      readonly do: 'serve';
      readonly shaped: Route;
      readonly shape: Shape;
      /** Other ports of the same target: passed on as they are. */
      readonly others: readonly Route[];
      /** Where the counts are kept up to date, as JSON. */
      readonly trafficFile: string;
    }
  | { readonly do: 'probe'; readonly host: string; readonly port: number; readonly limitMs: number };

const writeAfterMs = 10;

function say(said: Probed | { readonly trial: Trial | null }): void {
  console.log(JSON.stringify(said));
}

async function serve(task: Extract<ProxyTask, { do: 'serve' }>): Promise<void> {
  let isPlanned = false;
  const write = (): void => {
    isPlanned = false;
    writeFileSync(task.trafficFile, JSON.stringify(proxy.traffic()));
  };
  const proxy = await startProxy(task.shaped, task.shape, () => {
    if (!isPlanned) setTimeout(write, writeAfterMs);
    isPlanned = true;
  });
  write();
  await Promise.all(task.others.map((other) => startProxy(other, plain)));
  process.once('SIGTERM', () => process.exit(0));
  process.on('SIGUSR2', () => {
    proxy.recount();
    write();
  });
  say({ trial: await tryShape(task.shape) });
}

const task: ProxyTask = JSON.parse(process.env['GYM_PROXY'] ?? '');
if (task.do === 'serve') await serve(task);
else say(await probe(task.host, task.port, task.limitMs));
