/** Everything that the engine needs to know of a Compose file: interpolated, paths absolute, forms unified. */
export interface ComposeModel {
  /** Absolute path of the file that it was read from. */
  readonly file: string;
  /** Top-level `name`, else the folder's name as Compose would write it. Names images, never containers. */
  readonly name: string;
  /** By service name, in the order of the file. Services with profiles are left out. */
  readonly services: ReadonlyMap<string, ServiceModel>;
  /** Networks that a service is in, by their name in the file; `default` where a service names none. */
  readonly networks: ReadonlyMap<string, NetworkModel>;
  /** Named volumes that a service mounts, by their name in the file. */
  readonly volumes: ReadonlyMap<string, VolumeModel>;
  /** What was read and has no effect here, in plain words. */
  readonly notes: readonly string[];
}

/** One service. `null` and empty mean: as the image says. */
export interface ServiceModel {
  readonly name: string;
  /** Line of the service's key in the file. */
  readonly line: number;
  readonly image: string | null;
  readonly build: BuildModel | null;
  readonly command: readonly string[] | null;
  readonly entrypoint: readonly string[] | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly networks: readonly Attachment[];
  readonly mounts: readonly MountModel[];
  readonly ports: readonly PortModel[];
  /** `null`: the image's own, if it has one. */
  readonly healthcheck: HealthModel | null;
  readonly dependsOn: readonly Dependency[];
  readonly init: boolean | null;
  readonly sysctls: Readonly<Record<string, string>>;
  readonly stopSignal: string | null;
  readonly stopGracePeriodMs: number | null;
  readonly workingDir: string | null;
  readonly user: string | null;
  readonly hostname: string | null;
  readonly capAdd: readonly string[];
  /** `host:address`, as the engine takes them. */
  readonly extraHosts: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly shmSizeBytes: number | null;
  readonly ulimits: readonly Ulimit[];
}

/** How an image is built. */
export interface BuildModel {
  /** Absolute path of the context's folder. */
  readonly context: string;
  /** Absolute path of the Dockerfile. */
  readonly dockerfile: string;
  readonly target: string | null;
  readonly args: Readonly<Record<string, string>>;
}

/** A service's place in a network. */
export interface Attachment {
  readonly network: string;
  /** Names beside the service's own. */
  readonly aliases: readonly string[];
}

/** A mount. `source` is a volume's name in the file, or an absolute path of the host. */
export type MountModel =
  | { readonly kind: 'volume'; readonly source: string; readonly target: string; readonly readOnly: boolean }
  | { readonly kind: 'anonymous'; readonly target: string; readonly readOnly: boolean }
  | { readonly kind: 'bind'; readonly source: string; readonly target: string; readonly readOnly: boolean }
  | { readonly kind: 'tmpfs'; readonly target: string; readonly sizeBytes: number | null; readonly options: string };

/** A container port to be published on an ephemeral port of 127.0.0.1; what the file asks for as the host's port is not taken. */
export interface PortModel {
  readonly containerPort: number;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
}

/** `off`: `disable: true` or `test: NONE`. */
export type HealthModel =
  | { readonly kind: 'off' }
  | {
      readonly kind: 'probe';
      readonly test: HealthTest;
      readonly intervalMs: number;
      readonly timeoutMs: number;
      readonly retries: number;
      readonly startPeriodMs: number;
    };

/** `shell` goes through the container's `/bin/sh -c`. */
export type HealthTest =
  | { readonly kind: 'command'; readonly command: readonly string[] }
  | { readonly kind: 'shell'; readonly script: string };

/** What has to be true of another service before one is started. */
export interface Dependency {
  readonly service: string;
  readonly condition: 'started' | 'healthy' | 'completed';
  /** `false`: the other one may be missing. */
  readonly required: boolean;
  readonly line: number;
}

/** A process limit; both values as setrlimit(2) takes them. */
export interface Ulimit {
  readonly name: string;
  readonly soft: number;
  readonly hard: number;
}

/** A network of the file. */
export interface NetworkModel {
  readonly name: string;
  /** The engine's name of a network that somebody else made; `null` for one that the environment makes. */
  readonly external: string | null;
  readonly driver: string;
  readonly driverOptions: Readonly<Record<string, string>>;
  readonly internal: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

/** A named volume of the file. */
export interface VolumeModel {
  readonly name: string;
  /** The engine's name of a volume that somebody else made; `null` for one that the environment makes. */
  readonly external: string | null;
  readonly driver: string;
  readonly driverOptions: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}
