import type { LimitsModel } from './model-limits.ts';
import type { MountModel, StoreMount, TmpfsModel } from './model-mounts.ts';
import type { Attachment, NetworkModel, PortModel } from './model-networks.ts';

export type * from './model-limits.ts';
export type * from './model-mounts.ts';
export type * from './model-networks.ts';

/** Everything that the engine needs to know of an environment's files: interpolated, merged, paths absolute, forms unified. */
export interface ComposeModel {
  /** Absolute path of the first file that it was read from. */
  readonly file: string;
  /** Absolute paths of all that was read for it: Compose files, those that they include or extend, files of variables and labels. */
  readonly files: readonly string[];
  /** Top-level `name`, else the folder's name as Compose would write it. Names images, never containers. */
  readonly name: string;
  /** By service name, in the order of the file. Services of profiles that are not active are left out. */
  readonly services: ReadonlyMap<string, ServiceModel>;
  /** Networks that a service is in, by their name in the file; `default` where a service names none. */
  readonly networks: ReadonlyMap<string, NetworkModel>;
  /** Named volumes that a service mounts, by their name in the file. */
  readonly volumes: ReadonlyMap<string, VolumeModel>;
  /** Secrets and configs that a service or a build uses, by their name in the file. */
  readonly secrets: ReadonlyMap<string, StoreModel>;
  readonly configs: ReadonlyMap<string, StoreModel>;
  /** What was read and has no effect here, in plain words. */
  readonly notes: readonly string[];
}

/** One service. `null` and empty mean: as the image or the engine says. */
export interface ServiceModel extends LimitsModel {
  readonly name: string;
  /** Where the service's key is. */
  readonly file: string;
  readonly line: number;
  readonly image: string | null;
  readonly build: BuildModel | null;
  readonly platform: string | null;
  readonly pullPolicy: PullPolicy | null;
  readonly command: readonly string[] | null;
  readonly entrypoint: readonly string[] | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDir: string | null;
  readonly user: string | null;
  readonly groupAdd: readonly string[];
  readonly stdinOpen: boolean;
  readonly tty: boolean;
  readonly init: boolean | null;
  readonly stopSignal: string | null;
  readonly stopGracePeriodMs: number | null;
  /** `null`: the image's own, if it has one. */
  readonly healthcheck: HealthModel | null;
  readonly dependsOn: readonly Dependency[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly logging: LoggingModel | null;
  readonly profiles: readonly string[];
  /** How gym runs commands in it where a devcontainer.json says so. */
  readonly tools: ToolsModel | null;

  /** Empty where there is a network mode. */
  readonly networks: readonly Attachment[];
  /** `host`, `none`, `bridge`, `service:NAME`, `container:NAME`. */
  readonly networkMode: string | null;
  /** Given as an alias in the service's networks, never to the container: environments would collide. */
  readonly containerName: string | null;
  readonly hostname: string | null;
  readonly domainName: string | null;
  readonly macAddress: string | null;
  readonly ports: readonly PortModel[];
  readonly expose: readonly string[];
  /** `SERVICE` or `SERVICE:ALIAS`. */
  readonly links: readonly string[];
  readonly dns: readonly string[];
  readonly dnsOptions: readonly string[];
  readonly dnsSearch: readonly string[];
  /** `host:address`, as the engine takes them. */
  readonly extraHosts: readonly string[];

  readonly mounts: readonly MountModel[];
  readonly tmpfs: readonly TmpfsModel[];
  /** `SERVICE[:ro]` or `container:NAME[:ro]`. */
  readonly volumesFrom: readonly string[];
  readonly secrets: readonly StoreMount[];
  readonly configs: readonly StoreMount[];

  readonly privileged: boolean;
  readonly readOnly: boolean;
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly securityOptions: readonly string[];
  readonly sysctls: Readonly<Record<string, string>>;
  readonly storageOptions: Readonly<Record<string, string>>;
  readonly runtime: string | null;
  /** Namespaces: `host`, `service:NAME`, … */
  readonly pid: string | null;
  readonly ipc: string | null;
  readonly uts: string | null;
  readonly userns: string | null;
  readonly cgroup: string | null;
}

/** What a devcontainer.json says of the commands that are run in its service, beside the container itself. */
export interface ToolsModel {
  readonly user: string | null;
  readonly workingDir: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Run one after the other as soon as the service is ready; `name`: the key that says so. */
  readonly setup: readonly { readonly name: string; readonly command: readonly string[] }[];
}

/** When an image is pulled. `missing`: where it is not there. A time-based policy is `missing` here, with a note. */
export type PullPolicy = 'always' | 'never' | 'missing' | 'build';

/** How an image is built. */
export interface BuildModel {
  /** Absolute path of the context's folder. */
  readonly context: string;
  /** Absolute path of the Dockerfile; with `dockerfileInline` of none. */
  readonly dockerfile: string;
  readonly dockerfileInline: string | null;
  readonly target: string | null;
  readonly args: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly network: string | null;
  readonly shmSizeBytes: number | null;
  /** `host:address`. */
  readonly extraHosts: readonly string[];
  /** By name: absolute paths of folders, or what BuildKit understands. */
  readonly additionalContexts: Readonly<Record<string, string>>;
  /** `ID` or `ID=PATH`. */
  readonly ssh: readonly string[];
  readonly secrets: readonly { readonly source: string; readonly target: string | null }[];
}

/** `off`: `disable: true` or `test: NONE`. In a probe `null` is the image's own, else the engine's default. */
export type HealthModel =
  | { readonly kind: 'off' }
  | {
      readonly kind: 'probe';
      readonly test: HealthTest | null;
      readonly intervalMs: number | null;
      readonly timeoutMs: number | null;
      readonly retries: number | null;
      readonly startPeriodMs: number | null;
      /** Read, and not used: gym probes as fast as it can until the first success. */
      readonly startIntervalMs: number | null;
    };

/** `shell` goes through the container's `/bin/sh -c`. */
export type HealthTest =
  | { readonly kind: 'command'; readonly command: readonly string[] }
  | { readonly kind: 'shell'; readonly script: string };

/** What has to be true of another service before one is started. */
export interface Dependency {
  readonly service: string;
  readonly condition: 'started' | 'healthy' | 'completed';
  /** `false`: where the other service is left out, the dependency is too. */
  readonly required: boolean;
  readonly file: string;
  readonly line: number;
}

/** How the engine keeps a service's output. */
export interface LoggingModel {
  readonly driver: string | null;
  readonly options: Readonly<Record<string, string>>;
}

/** A named volume of the file. */
export interface VolumeModel {
  readonly name: string;
  /** The engine's name of a volume that somebody else made; `null` for one that the environment makes. */
  readonly external: string | null;
  /** The name that the file asks for, which is not given: environments would collide. */
  readonly fixedName: string | null;
  readonly driver: string | null;
  readonly driverOptions: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

/** A secret or config: a file, or a text, which may be a variable's value. */
export interface StoreModel {
  readonly name: string;
  readonly fixedName: string | null;
  readonly from:
    | { readonly kind: 'file'; readonly file: string }
    | { readonly kind: 'variable'; readonly variable: string; readonly content: string }
    | { readonly kind: 'content'; readonly content: string };
}
