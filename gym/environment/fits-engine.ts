import { failed, ok, type Result } from '../events/problem.ts';
import type { ComposeModel, ServiceModel } from './compose/model.ts';
import type { Engine } from './engine.ts';

/** Version of the API that came with Engine 25. */
const forcesReadOnly = [1, 44] as const;

/** Whether the engine can do what the services ask for and no older engine can; it is asked only where one does. */
export async function fitsEngine(engine: Engine, model: ComposeModel): Promise<Result<void>> {
  const asking = [...model.services.values()].find(mustBeReadOnly);
  if (asking === undefined) return ok(undefined);
  const version = await engine.call('asking for the version of the engine', () => engine.docker.version());
  if (!version.ok) return version;
  const [major = 0, minor = 0] = version.value.ApiVersion.split('.').map(Number);
  const [wantedMajor, wantedMinor] = forcesReadOnly;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return ok(undefined);
  return failed({
    kind: 'environment',
    message: `volumes: bind: "recursive: readonly" needs Docker Engine 25, and this one is ${version.value.Version}`,
    place: { file: asking.file, line: asking.line, service: asking.name },
    remedy: 'Update the engine. With "recursive: disabled" what is mounted below the source is left out.',
  });
}

function mustBeReadOnly({ mounts }: ServiceModel): boolean {
  return mounts.some((mount) => mount.kind === 'bind' && mount.recursive === 'readonly');
}
