import { failed, ok, type Result } from '../events/problem.ts';
import type { ServiceModel, ToolsModel } from './compose/model.ts';
import type { Engine } from './engine.ts';
import type { ExecRequest } from './environment.ts';
import { runExec } from './exec.ts';

const keptBytes = 4000;
/** The deadline of the whole ends it before: by the signal. */
const limitMs = 2 ** 31 - 1;

/** A request as the service's tools want it, where it says nothing else itself. */
export function withTools(request: ExecRequest, tools: ToolsModel | null): ExecRequest {
  if (tools === null) return request;
  return {
    workdir: tools.workingDir,
    ...(tools.user !== null && { user: tools.user }),
    ...request,
    env: { ...tools.environment, ...request.env },
  };
}

/** Runs what a devcontainer.json wants to be run in its new container, one after the other. */
export async function runSetup(
  engine: Engine,
  services: readonly { readonly service: ServiceModel; readonly id: string }[],
  signal: AbortSignal,
): Promise<Result<void>> {
  for (const { service, id } of services) {
    for (const { name, command } of service.tools?.setup ?? []) {
      let said = '';
      const onOutput = (chunk: Uint8Array): void => {
        said = (said + Buffer.from(chunk).toString('utf8')).slice(-keptBytes);
      };
      const request = withTools({ command, onOutput, signal, timeoutMs: limitMs }, service.tools);
      const outcome = await runExec({ engine, id, service: service.name }, request);
      if (outcome.kind === 'exited' && outcome.exitCode === 0) continue;
      const how =
        outcome.kind === 'exited' ? `ended with exit code ${outcome.exitCode}` : `was cut short: ${outcome.kind}`;
      const message = [`${name} of service ${service.name} ${how}`, ...said.trimEnd().split('\n')].join('\n  ');
      return failed({ kind: 'environment', message, place: { service: service.name } });
    }
  }
  return ok(undefined);
}
