// Rules over Kubernetes manifests, one document an object; what has no pods is passed over. A `List` is taken apart.
import type { Path } from '../../gym/judge/documents.ts';
import { hasDigest, looseTag } from './image.ts';
import { type Fields, isFields, itemsOf, type Rule, rule, shown, unless, type Violation, valueAt } from './rule.ts';

/** Where the specification of an object's pods is, by its kind. */
const podPaths: Readonly<Record<string, Path>> = {
  Pod: ['spec'],
  PodTemplate: ['template', 'spec'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
  ...Object.fromEntries(
    ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'ReplicationController', 'Job'].map((kind) => [
      kind,
      ['spec', 'template', 'spec'],
    ]),
  ),
};

/** An object, the path of it in the document, and of its pods. */
interface Workload {
  readonly kind: string;
  readonly object: Fields;
  readonly at: Path;
  readonly pod: Fields;
  readonly podAt: Path;
}

/** The objects with pods in a document, or what is wrong with it. */
function workloadsIn(value: unknown, at: Path = []): (Workload | Violation)[] {
  const kind = valueAt(value, 'kind');
  if (!isFields(value) || kind === undefined) return [];
  if (typeof kind !== 'string') return [{ message: 'is no text', path: [...at, 'kind'] }];
  if (kind === 'List') {
    return itemsOf(value['items']).flatMap((item, index) => workloadsIn(item, [...at, 'items', index]));
  }
  const path = Object.hasOwn(podPaths, kind) ? podPaths[kind] : undefined;
  if (path === undefined) return [];
  const pod = valueAt(value, ...path);
  const podAt = [...at, ...path];
  return isFields(pod) ? [{ kind, object: value, at, pod, podAt }] : [{ message: 'is missing', path: podAt }];
}

function ofWorkloads(name: string, check: (workload: Workload) => readonly Violation[] | null): Rule {
  return rule(`kubernetes.${name}`, ({ value }) => {
    const checked = workloadsIn(value).map((found) => ('message' in found ? [found] : check(found)));
    const judged = checked.filter((violations) => violations !== null);
    return judged.length === 0 ? null : judged.flat();
  });
}

type CheckContainer = (container: Fields, at: Path, workload: Workload) => Violation[];

function ofContainers(name: string, check: CheckContainer, lists = ['initContainers', 'containers']): Rule {
  return ofWorkloads(name, (workload) =>
    lists.flatMap((list) =>
      itemsOf(workload.pod[list]).flatMap((container, index) =>
        isFields(container) ? check(container, [...workload.podAt, list, index], workload) : [],
      ),
    ),
  );
}

/** Each image has a tag, and another one than `latest`. */
export const imageHasTag: Rule = ofContainers('imageHasTag', ({ image }, at) => {
  const loose = typeof image === 'string' ? looseTag(image) : 'is missing';
  return loose === null ? [] : [{ message: loose, path: [...at, 'image'] }];
});

/** Each image is named by its digest. */
export const imageHasDigest: Rule = ofContainers('imageHasDigest', ({ image }, at) =>
  unless(typeof image === 'string' && hasDigest(image), `has no digest (${shown(image)})`, [...at, 'image']),
);

/** Each container requests CPU and memory, and has a limit of memory. */
export const hasResources: Rule = ofContainers('hasResources', ({ resources }, at) =>
  [
    ['requests', 'cpu'],
    ['requests', 'memory'],
    ['limits', 'memory'],
  ].flatMap((path) => unless(isGiven(valueAt(resources, ...path)), 'is missing', [...at, 'resources', ...path])),
);

const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

/** Each container has `runAsNonRoot`, its own or the pod's, and none runs as user 0. */
export const runsAsNonRoot: Rule = ofContainers('runsAsNonRoot', ({ securityContext: own }, at, { pod, podAt }) => {
  const pods = pod['securityContext'];
  const isOwnUser = valueAt(own, 'runAsUser') !== undefined;
  const user = valueAt(own, 'runAsUser') ?? valueAt(pods, 'runAsUser');
  const nonRoot = valueAt(own, 'runAsNonRoot') ?? valueAt(pods, 'runAsNonRoot');
  return [
    ...unless(nonRoot === true, 'is not true', [...at, 'securityContext', 'runAsNonRoot']),
    ...unless(user !== 0, 'is 0', [...(isOwnUser ? at : podAt), 'securityContext', 'runAsUser']),
  ];
});

/** No container is privileged, or may gain more privileges than it began with. */
export const notPrivileged: Rule = ofContainers('notPrivileged', ({ securityContext }, at) =>
  ['privileged', 'allowPrivilegeEscalation'].flatMap((key) =>
    unless(valueAt(securityContext, key) !== true, 'is set', [...at, 'securityContext', key]),
  ),
);

/** No pod mounts a path of its node. */
export const noHostPath: Rule = ofWorkloads('noHostPath', ({ pod, podAt }) =>
  itemsOf(pod['volumes']).flatMap((volume, index) => {
    const hostPath = valueAt(volume, 'hostPath');
    return unless(hostPath === undefined, `mounts ${shown(valueAt(hostPath, 'path'))} of the node`, [
      ...podAt,
      'volumes',
      index,
      'hostPath',
    ]);
  }),
);

/** No pod is in the network, or sees the processes, of its node. */
export const noHostNamespaces: Rule = ofWorkloads('noHostNamespaces', ({ pod, podAt }) =>
  ['hostNetwork', 'hostPID', 'hostIPC'].flatMap((key) => unless(pod[key] !== true, 'is set', [...podAt, key])),
);

/** Each container that is to go on running has a readiness and a liveness probe; jobs need none. */
export const hasProbes: Rule = ofWorkloads('hasProbes', ({ kind, pod, podAt }) => {
  if (kind === 'Job' || kind === 'CronJob') return null;
  return itemsOf(pod['containers']).flatMap((container, index) =>
    ['readinessProbe', 'livenessProbe'].flatMap((probe) =>
      unless(isFields(valueAt(container, probe)), 'is missing', [...podAt, 'containers', index, probe]),
    ),
  );
});

/** Each Deployment and StatefulSet has at least so many replicas; one where the manifest says nothing. */
export function hasReplicas(atLeast = 2): Rule {
  return ofWorkloads('hasReplicas', ({ kind, object, at }) => {
    if (kind !== 'Deployment' && kind !== 'StatefulSet') return null;
    const replicas = valueAt(object, 'spec', 'replicas') ?? 1;
    const isEnough = typeof replicas === 'number' && replicas >= atLeast;
    return unless(isEnough, `is ${shown(replicas)}, not at least ${atLeast}`, [...at, 'spec', 'replicas']);
  });
}
