import { describe, expect, test } from 'vitest';
import type { Rule } from '../../../../invariants/rules/rule.ts';
import { kubernetes } from '../../../../invariants/rules/rules.ts';
import { told } from './support.ts';

const deployment = (pod: string, more = '') => `{ kind: Deployment, spec: { ${more} template: { spec: ${pod} } } }`;
const container = (fields: string) => deployment(`{ containers: [${fields}] }`);
const short = (rule: Rule, text: string) =>
  told(rule, text)?.map((each) => each.replace('spec.template.spec.', '').replace('containers.0.', ''));

describe.each<[Exclude<keyof typeof kubernetes, 'hasReplicas'>, [text: string, violations: string[] | null][]]>([
  [
    'imageHasTag',
    [
      [container('{ image: "a:1" }'), []],
      [container('{ image: a }'), ['image has no tag (a)']],
      [container('{ name: a }'), ['image is missing']],
      [
        deployment('{ initContainers: [{ image: a }], containers: [{ image: "a:1" }] }'),
        ['initContainers.0.image has no tag (a)'],
      ],
      ['{ kind: Pod, spec: { containers: [{ image: "a:latest" }] } }', ['spec.image has the tag latest (a:latest)']],
      [
        '{ kind: CronJob, spec: { jobTemplate: { spec: { template: { spec: { containers: [{ image: a }] } } } } } }',
        ['spec.jobTemplate.image has no tag (a)'],
      ],
      [`{ kind: List, items: [{ kind: Service }, ${container('{ image: a }')}] }`, ['items.1.image has no tag (a)']],
    ],
  ],
  [
    'imageHasDigest',
    [
      [container(`{ image: "a@sha256:${'0'.repeat(64)}" }`), []],
      [container('{ image: "a:1" }'), ['image has no digest (a:1)']],
    ],
  ],
  [
    'hasResources',
    [
      [container('{ resources: { requests: { cpu: 1, memory: 1Gi }, limits: { memory: 1Gi } } }'), []],
      [
        container('{ resources: { requests: { cpu: 1 } } }'),
        ['resources.requests.memory is missing', 'resources.limits.memory is missing'],
      ],
      [
        container('{ name: a }'),
        [
          'resources.requests.cpu is missing',
          'resources.requests.memory is missing',
          'resources.limits.memory is missing',
        ],
      ],
    ],
  ],
  [
    'runsAsNonRoot',
    [
      [container('{ securityContext: { runAsNonRoot: true } }'), []],
      [deployment('{ securityContext: { runAsNonRoot: true, runAsUser: 1000 }, containers: [{ name: a }] }'), []],
      [
        deployment(
          '{ securityContext: { runAsNonRoot: true }, containers: [{ securityContext: { runAsNonRoot: false } }] }',
        ),
        ['securityContext.runAsNonRoot is not true'],
      ],
      [container('{ name: a }'), ['securityContext.runAsNonRoot is not true']],
      [
        deployment('{ securityContext: { runAsNonRoot: true, runAsUser: 0 }, containers: [{ name: a }] }'),
        ['securityContext.runAsUser is 0'],
      ],
    ],
  ],
  [
    'notPrivileged',
    [
      [container('{ securityContext: { privileged: false } }'), []],
      [
        container('{ securityContext: { privileged: true, allowPrivilegeEscalation: true } }'),
        ['securityContext.privileged is set', 'securityContext.allowPrivilegeEscalation is set'],
      ],
    ],
  ],
  [
    'noHostPath',
    [
      [deployment('{ volumes: [{ emptyDir: {} }] }'), []],
      [
        deployment('{ volumes: [{ emptyDir: {} }, { hostPath: { path: /etc } }] }'),
        ['volumes.1.hostPath mounts /etc of the node'],
      ],
    ],
  ],
  [
    'noHostNamespaces',
    [
      [deployment('{ hostNetwork: false }'), []],
      [deployment('{ hostNetwork: true, hostPID: true }'), ['hostNetwork is set', 'hostPID is set']],
    ],
  ],
  [
    'hasProbes',
    [
      [container('{ readinessProbe: {}, livenessProbe: {} }'), []],
      [container('{ readinessProbe: {} }'), ['livenessProbe is missing']],
      ['{ kind: Job, spec: { template: { spec: { containers: [{ name: a }] } } } }', null],
    ],
  ],
])('kubernetes.%s', (name, cases) => {
  test.each(cases)('%s', (text, violations) => {
    expect(
      short(kubernetes[name], text)?.map((each) =>
        each.replace('spec.template.spec.', '').replace('spec.containers.0.', 'spec.'),
      ),
    ).toEqual(violations ?? undefined);
  });

  test('is about objects with pods', () => {
    const rule = kubernetes[name];
    expect([told(rule, '{ kind: Service }'), told(rule, '{ a: 1 }'), told(rule, '5')]).toEqual([null, null, null]);
    expect(told(rule, '{ kind: constructor }')).toBeNull();
    expect(told(rule, '{ kind: Deployment, spec: {} }')).toEqual(['spec.template.spec is missing']);
    expect(told(rule, '{ kind: , spec: }')).toEqual(['kind is no text']);
  });
});

test('kubernetes.hasReplicas', () => {
  const replicas = (more: string) => told(kubernetes.hasReplicas(), deployment('{ containers: [] }', more));
  expect(replicas('replicas: 2,')).toEqual([]);
  expect(replicas('replicas: 1,')).toEqual(['spec.replicas is 1, not at least 2']);
  expect(replicas('')).toEqual(['spec.replicas is 1, not at least 2']);
  expect(told(kubernetes.hasReplicas(3), deployment('{}', 'replicas: 2,'))).toEqual([
    'spec.replicas is 2, not at least 3',
  ]);
  expect(told(kubernetes.hasReplicas(), '{ kind: DaemonSet, spec: { template: { spec: {} } } }')).toBeNull();
});
