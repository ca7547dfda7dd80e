import type { PublishedPort } from '../../environment/environment.ts';

/** A line that tells where a service's port is to be found. */
export function portLine({ service, containerPort, protocol, hostPort }: PublishedPort): string {
  return `${service} ${containerPort}/${protocol}: 127.0.0.1:${hostPort}`;
}

/** The same of a port as the engine lists it: `127.0.0.1:32768->8080/tcp`. */
export function statusPortLine(service: string, port: string): string {
  const [host = '', containerPort = ''] = port.split('->');
  return `${service} ${containerPort}: ${host}`;
}
