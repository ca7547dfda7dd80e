import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import type { Engine } from './engine.ts';

/**
 * Kills every process of the session $1, until none is left. By /proc alone: nothing but a shell has to be in the image.
 * proc_pid_stat(5): after the name in brackets come state, parent, group, session.
 */
const killSession = `
p=$1; n=0
while [ $n -lt 20 ]; do
  n=$((n+1)); found=
  for d in /proc/[0-9]*; do
    s=; { read -r s <"$d/stat"; } 2>/dev/null
    s=\${s##*) }; set -- $s
    if [ "$4" = "$p" ] && [ "$1" != Z ]; then found=1; kill -9 "\${d#/proc/}" 2>/dev/null; fi
  done
  if [ -z "$found" ]; then break; fi
done`;
const limitMs = 10_000;

/** Kills a command and all of its session from inside the container; `pid` is its number there. */
export async function killInside(engine: Engine, containerId: string, pid: number): Promise<void> {
  const started = await engine.call('killing a command', async () => {
    const exec = await engine.docker.getContainer(containerId).exec({
      Cmd: ['sh', '-c', killSession, 'sh', String(pid)],
      AttachStdout: true,
      AttachStderr: true,
      User: '0',
    });
    return exec.start({ Detach: false, Tty: false });
  });
  if (!started.ok) return;
  const drained = new Promise<void>((resolve) => {
    started.value.once('end', resolve).once('error', resolve).once('close', resolve).resume();
  });
  await Promise.race([drained, sleep(limitMs, undefined, { ref: false })]);
}

/**
 * The same for a container without a shell, from the host's side: only where engine and gym share a process namespace and gym may kill.
 * The number is checked to be of that container before it is used.
 */
export async function killFromHost(engine: Engine, containerId: string, exec: Dockerode.Exec): Promise<void> {
  const inspected = await engine.call('looking at a command', () => exec.inspect());
  if (!inspected.ok || !inspected.value.Running) return;
  const pid = inspected.value.Pid;
  try {
    if (readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(containerId)) process.kill(-pid, 'SIGKILL');
  } catch {
    // Elsewhere, gone, or not permitted: the container's end takes it along.
  }
}
