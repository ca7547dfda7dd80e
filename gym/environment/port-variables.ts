import type { PublishedPort } from './environment.ts';

/**
 * Variables that tell a process on the host where services are: `GYM_HOST`, and `GYM_PORT_SERVICE_PORT` for each published port
 * (`_UDP`, `_SCTP` at its end for those protocols). Names are upper case; what no variable may hold becomes `_`.
 */
export function portVariables(ports: readonly PublishedPort[]): Record<string, string> {
  const variables = ports.map(({ service, containerPort, protocol, hostPort }): [string, string] => {
    const name = service.toUpperCase().replace(/[^A-Z0-9]/g, '_');
    const ending = protocol === 'tcp' ? '' : `_${protocol.toUpperCase()}`;
    return [`GYM_PORT_${name}_${containerPort}${ending}`, String(hostPort)];
  });
  return { GYM_HOST: '127.0.0.1', ...Object.fromEntries(variables) };
}
