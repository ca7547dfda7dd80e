import { ok, type Result } from '../events/problem.ts';
import { mustRun } from './once.ts';
import type { Member, System } from './system.ts';

/** Names that are to lead to an address, for one service. */
export interface Redirection {
  readonly member: Member;
  readonly address: string;
  readonly names: readonly string[];
}

/**
 * Of each file of hosts, takes the marked lines out and puts the new one, if there is one, on top; written over in place, for the
 * files are mounts. Arguments: the mark, then a line for each file.
 */
const edit = `
mark=$1; shift; n=0
for line; do
  file=/hosts/$n; n=$((n+1))
  rest=$(grep -vF "$mark" "$file")
  { if [ -n "$line" ]; then printf '%s\\n' "$line $mark"; fi; printf '%s\\n' "$rest"; } >/tmp/hosts && cat /tmp/hosts >"$file" || exit 1
done`;

async function editHosts(
  system: System,
  fault: string,
  lines: readonly { member: Member; line: string }[],
): Promise<Result<void>> {
  const ran = await mustRun(system, 'changing where names lead', {
    fault,
    image: 'debian',
    command: ['sh', '-c', edit, 'sh', `# gym-fault ${fault}`, ...lines.map(({ line }) => line)],
    host: {
      // The engine's own files, which it shows to the containers: nothing has to be in the services' images.
      Mounts: lines.map(({ member }, index) => ({
        Type: 'bind',
        Source: member.info.HostsPath,
        Target: `/hosts/${index}`,
      })),
      CapAdd: ['DAC_OVERRIDE'],
    },
  });
  return ran.ok ? ok(undefined) : ran;
}

/** Makes names lead elsewhere. It holds until the service is started anew. */
export function redirectHosts(
  system: System,
  fault: string,
  redirections: readonly Redirection[],
): Promise<Result<void>> {
  const lines = redirections.map(({ member, address, names }) => ({ member, line: `${address} ${names.join(' ')}` }));
  return editHosts(system, fault, lines);
}

/** Undoes that. Those that were never started have no such file. */
export async function restoreHosts(system: System, fault: string, members: readonly Member[]): Promise<Result<void>> {
  const lines = members.filter(({ info }) => info.HostsPath !== '').map((member) => ({ member, line: '' }));
  return lines.length === 0 ? ok(undefined) : editHosts(system, fault, lines);
}
