// Rules over Compose files, one document a file, as they are written: `extends` and `include` are not followed, variables not filled in.

import { isPlainSecret } from '../../gym/judge/secrets.ts';
import { hasDigest, looseTag } from './image.ts';
import {
  entriesOf,
  type Fields,
  isFields,
  itemsOf,
  type Rule,
  rule,
  shown,
  unless,
  type Violation,
  valueAt,
} from './rule.ts';

/** What is wrong in one service; `at` are the keys that lead to it. */
type CheckService = (service: Fields, at: readonly string[]) => Violation[];

/** A rule over every service of a file. A file without `services` is none of its business. */
function ofServices(name: string, check: CheckService): Rule {
  return rule(`compose.${name}`, ({ value }) => {
    const services = valueAt(value, 'services');
    if (services === undefined) return null;
    if (!isFields(services)) return [{ message: 'is no map', path: ['services'] }];
    const found = Object.entries(services);
    if (found.length === 0) return null;
    return found.flatMap(([service, fields]) => {
      const at = ['services', service];
      return isFields(fields) ? check(fields, at) : [{ message: 'is no map', path: at }];
    });
  });
}

const imageOf = ({ image, build }: Fields): string | null =>
  typeof image === 'string' && build === undefined ? image : null;

/** Each image has a tag, and another one than `latest`. An image that the file builds itself needs none. */
export const imageHasTag: Rule = ofServices('imageHasTag', (service, at) => {
  const image = imageOf(service);
  const loose = image === null ? null : looseTag(image);
  return loose === null ? [] : [{ message: loose, path: [...at, 'image'] }];
});

/** Each image is named by its digest (`name:tag@sha256:…`): the same bytes tomorrow. */
export const imageHasDigest: Rule = ofServices('imageHasDigest', (service, at) => {
  const image = imageOf(service);
  return unless(image === null || hasDigest(image), `has no digest (${shown(image)})`, [...at, 'image']);
});

/** Each service has a health check that is not switched off. One that the image brings with it cannot be seen here. */
export const hasHealthcheck: Rule = ofServices('hasHealthcheck', ({ healthcheck }, at) => {
  const path = [...at, 'healthcheck'];
  const test = valueAt(healthcheck, 'test');
  const isOff = valueAt(healthcheck, 'disable') === true || test === 'NONE' || valueAt(test, 0) === 'NONE';
  if (isOff) return [{ message: 'is switched off', path }];
  return unless(isFields(healthcheck) && test !== undefined, 'is missing', path);
});

/** Each service has a limit of memory: `mem_limit`, or `deploy.resources.limits.memory`. */
export const hasMemoryLimit: Rule = ofServices('hasMemoryLimit', (service, at) => {
  const limit = service['mem_limit'] ?? valueAt(service, 'deploy', 'resources', 'limits', 'memory');
  return unless(limit !== undefined && limit !== null && limit !== 0, 'has no memory limit', at);
});

/** No service is privileged or has all capabilities. */
export const notPrivileged: Rule = ofServices('notPrivileged', (service, at) => [
  ...unless(service['privileged'] !== true && service['privileged'] !== 'true', 'is set', [...at, 'privileged']),
  ...itemsOf(service['cap_add']).flatMap((capability, index) =>
    unless(!/^(CAP_)?(ALL|SYS_ADMIN)$/i.test(String(capability)), `adds ${shown(capability)}`, [
      ...at,
      'cap_add',
      index,
    ]),
  ),
]);

/** The engine's socket, and the folders that it is in: who has it is root on the host. */
const engineSocket = /^\/(?:(?:var\/)?run(?:\/docker\.sock|\/containerd(?:\/containerd\.sock)?)?|var)?\/?$/;

/** No service mounts the engine's socket, or a folder of the host that it is in. */
export const noDockerSocket: Rule = ofServices('noDockerSocket', ({ volumes }, at) =>
  itemsOf(volumes).flatMap((volume, index) => {
    const source = typeof volume === 'string' ? volume.split(':')[0] : valueAt(volume, 'source');
    const isMount = typeof volume !== 'string' || volume.includes(':');
    const isSocket = isMount && typeof source === 'string' && engineSocket.test(source);
    return unless(!isSocket, `mounts ${shown(source)}, where the engine's socket is`, [...at, 'volumes', index]);
  }),
);

/** No secret is written into `environment`: a value of its own under a name such as `DB_PASSWORD`, a known kind of token, a URL with a password. */
export const noSecretsInEnvironment: Rule = ofServices('noSecretsInEnvironment', ({ environment }, at) => {
  const pairs = Array.isArray(environment)
    ? environment.map((line, index): [number, string, unknown] => [index, ...splitPair(String(line))])
    : entriesOf(environment).map(([name, value]): [string, string, unknown] => [name, name, value]);
  return pairs.flatMap(([key, name, value]) =>
    unless(!isPlainSecret(name, value), 'is a secret in plain text', [...at, 'environment', key]),
  );
});

function splitPair(line: string): [string, string] {
  const at = line.indexOf('=');
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
}

/** No service is started again by the engine when it dies: what breaks is to be seen. */
export const noRestartPolicy: Rule = ofServices('noRestartPolicy', (service, at) => {
  const { restart } = service;
  const condition = valueAt(service, 'deploy', 'restart_policy', 'condition');
  return [
    ...unless(restart === undefined || restart === 'no' || restart === false, `is ${shown(restart)}`, [
      ...at,
      'restart',
    ]),
    ...unless(condition === undefined || condition === 'none', `is ${shown(condition)}`, [
      ...at,
      'deploy',
      'restart_policy',
      'condition',
    ]),
  ];
});

/** Every published port is bound to the loopback interface of the host, not to all of its addresses. */
export const portsOnLoopback: Rule = ofServices('portsOnLoopback', ({ ports }, at) =>
  itemsOf(ports).flatMap((port, index) => {
    const address = isFields(port) ? port['host_ip'] : hostAddress(String(port));
    const isLocal = typeof address === 'string' && /^(127\.\d+\.\d+\.\d+|\[?::1\]?|localhost)$/.test(address);
    return unless(isLocal, `is bound to ${shown(address ?? 'all addresses')}`, [...at, 'ports', index]);
  }),
);

/** The address in `127.0.0.1:8080:80`, `[::1]:8080:80`; none in `8080:80`. A variable's default counts. */
function hostAddress(port: string): string | undefined {
  const text = port.slice(0, 500).replace(/\$\{\w+:?-([^${}]*)\}/g, '$1');
  return /^(\[[^\]]*\]|[^:]+):[^:]*:[^:]+$/.exec(text)?.[1];
}
