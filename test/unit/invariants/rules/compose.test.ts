import { describe, expect, test } from 'vitest';
import type { Rule } from '../../../../invariants/rules/rule.ts';
import { compose } from '../../../../invariants/rules/rules.ts';
import { told } from './support.ts';

const ofService = (rule: Rule, service: string) =>
  told(rule, `services: { web: ${service} }`)?.map((each) => each.replace(/^services\.web\.?/, '').trim());

const digest = `sha256:${'a1'.repeat(32)}`;

describe.each<[keyof typeof compose, [service: string, violations: string[]][]]>([
  [
    'imageHasTag',
    [
      ['{ image: "nginx:1.27" }', []],
      ['{ image: nginx }', ['image has no tag (nginx)']],
      ['{ image: "nginx:latest" }', ['image has the tag latest (nginx:latest)']],
      ['{ image: "registry:5000/team/app" }', ['image has no tag (registry:5000/team/app)']],
      ['{ image: "registry:5000/team/app:2" }', []],
      [`{ image: "nginx@${digest}" }`, []],
      ['{ image: "nginx:${TAG}" }', []],
      ['{ image: "nginx:${TAG:-latest}" }', ['image has the tag latest (nginx:latest)']],
      ['{ image: "${IMAGE}" }', []],
      ['{ image: app, build: . }', []],
      ['{ build: . }', []],
      ['null', ['is no map']],
    ],
  ],
  [
    'imageHasDigest',
    [
      [`{ image: "nginx:1@${digest}" }`, []],
      ['{ image: "nginx:1" }', ['image has no digest (nginx:1)']],
      ['{ image: "nginx@sha256:abc" }', ['image has no digest (nginx@sha256:abc)']],
      ['{ build: . }', []],
    ],
  ],
  [
    'hasHealthcheck',
    [
      ['{ healthcheck: { test: [CMD, "true"] } }', []],
      ['{ healthcheck: { test: curl -f localhost } }', []],
      ['{ image: a }', ['healthcheck is missing']],
      ['{ healthcheck: { interval: 1s } }', ['healthcheck is missing']],
      ['{ healthcheck: { disable: true } }', ['healthcheck is switched off']],
      ['{ healthcheck: { test: [NONE] } }', ['healthcheck is switched off']],
    ],
  ],
  [
    'hasMemoryLimit',
    [
      ['{ mem_limit: 512m }', []],
      ['{ deploy: { resources: { limits: { memory: 1G } } } }', []],
      ['{ deploy: { resources: { limits: { cpus: "1" } } } }', ['has no memory limit']],
      ['{ mem_limit: 0 }', ['has no memory limit']],
    ],
  ],
  [
    'notPrivileged',
    [
      ['{ privileged: false, cap_add: [NET_ADMIN] }', []],
      ['{ privileged: true }', ['privileged is set']],
      ['{ cap_add: [NET_ADMIN, ALL] }', ['cap_add.1 adds ALL']],
      ['{ cap_add: [CAP_SYS_ADMIN] }', ['cap_add.0 adds CAP_SYS_ADMIN']],
    ],
  ],
  [
    'noDockerSocket',
    [
      ['{ volumes: ["data:/var/run", "./run:/run", "/var/lib/x:/x", "/var/run"] }', []],
      [
        '{ volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro"] }',
        ["volumes.0 mounts /var/run/docker.sock, where the engine's socket is"],
      ],
      [
        '{ volumes: [{ type: bind, source: /run/docker.sock, target: /s }] }',
        ["volumes.0 mounts /run/docker.sock, where the engine's socket is"],
      ],
      ['{ volumes: ["/:/host"] }', ["volumes.0 mounts /, where the engine's socket is"]],
      ['{ volumes: ["/var/run/:/x"] }', ["volumes.0 mounts /var/run/, where the engine's socket is"]],
    ],
  ],
  [
    'noSecretsInEnvironment',
    [
      [
        '{ environment: { DB_PASSWORD: "${DB_PASSWORD}", PASSWORD_FILE: /run/secrets/p, LOG_LEVEL: info, TOKEN_TTL: 15 } }',
        [],
      ],
      ['{ environment: [DB_PASSWORD, "API_KEY=", "DEBUG=true", "NEXT_PAGE_TOKEN=abc"] }', []],
      ['{ environment: { DB_PASSWORD: hunter2 } }', ['environment.DB_PASSWORD is a secret in plain text']],
      [
        '{ environment: { dbPass: 1234, apiKey: abc } }',
        ['environment.dbPass is a secret in plain text', 'environment.apiKey is a secret in plain text'],
      ],
      ['{ environment: ["A=1", "SECRET_KEY=abc"] }', ['environment.1 is a secret in plain text']],
      [
        '{ environment: { DATABASE_URL: "postgres://app:hunter2@db/app" } }',
        ['environment.DATABASE_URL is a secret in plain text'],
      ],
      ['{ environment: { DATABASE_URL: "postgres://app:${PASSWORD}@db/app", COMPASS: north } }', []],
    ],
  ],
  [
    'noRestartPolicy',
    [
      ['{ restart: "no" }', []],
      ['{ image: a }', []],
      ['{ restart: unless-stopped }', ['restart is unless-stopped']],
      ['{ deploy: { restart_policy: { condition: any } } }', ['deploy.restart_policy.condition is any']],
    ],
  ],
  [
    'portsOnLoopback',
    [
      [
        '{ ports: ["127.0.0.1:8080:80", "[::1]:8080:80", { target: 80, host_ip: 127.0.0.1 }, "${IP:-127.0.0.1}:80:80"] }',
        [],
      ],
      ['{ expose: ["80"] }', []],
      [
        '{ ports: ["8080:80", 80, "0.0.0.0:1:1", { target: 80 }] }',
        [
          'ports.0 is bound to all addresses',
          'ports.1 is bound to all addresses',
          'ports.2 is bound to 0.0.0.0',
          'ports.3 is bound to all addresses',
        ],
      ],
    ],
  ],
])('compose.%s', (name, cases) => {
  test.each(cases)('%s', (service, violations) => {
    expect(ofService(compose[name], service)).toEqual(violations);
  });

  test('is about files with services', () => {
    expect(told(compose[name], 'services: {}')).toBeNull();
    expect(told(compose[name], 'volumes: {}')).toBeNull();
    expect(told(compose[name], '[1]')).toBeNull();
    expect(told(compose[name], 'services:')).toEqual(['services is no map']);
  });
});
