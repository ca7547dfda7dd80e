import { ok, type Result } from '../events/problem.ts';
import { type Helper, mustRun } from './once.ts';
import type { Member, System } from './system.ts';

/** What marks a fault's lines in a file of hosts. */
const mark = (fault: string): string => `# gym-fault ${fault}`;

/** Takes the marked lines out and puts the new one on top; written over in place, for the file is a mount. Prints the file. */
const edit = `
rest=$(grep -vF "$1" /hosts)
{ if [ -n "$2" ]; then printf '%s\\n' "$2 $1"; fi; printf '%s\\n' "$rest"; } >/tmp/hosts && cat /tmp/hosts >/hosts && cat /hosts`;

function editor(fault: string, member: Member, line: string): Helper {
  return {
    fault,
    image: 'debian',
    command: ['sh', '-c', edit, 'sh', mark(fault), line],
    host: {
      // The engine's own file, which it shows to the container: nothing has to be in the service's image.
      Mounts: [{ Type: 'bind', Source: member.info.HostsPath, Target: '/hosts' }],
      CapAdd: ['DAC_OVERRIDE'],
    },
  };
}

/** Makes names lead to an address, for one service; what its file of hosts is then. It holds until the service is started anew. */
export function redirectHosts(
  system: System,
  fault: string,
  member: Member,
  address: string,
  names: readonly string[],
): Promise<Result<string>> {
  const what = `changing where ${names[0] ?? ''} leads for ${member.service}`;
  return mustRun(system, what, editor(fault, member, `${address} ${names.join(' ')}`));
}

/** Undoes that. */
export async function restoreHosts(system: System, fault: string, member: Member): Promise<Result<string>> {
  if (member.info.HostsPath === '') return ok('');
  const ran = await mustRun(system, `changing hosts of ${member.service} back`, editor(fault, member, ''));
  return ran.ok ? ok(`${member.service} resolves names as before`) : ran;
}
