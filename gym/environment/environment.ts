import type { Emit } from '../events/event.ts';
import type { Result } from '../events/problem.ts';

/** Who holds what an environment made: a process (it goes when that process is gone) or nobody but `gym down`. */
export type Lease = 'process' | 'kept';

/** What an environment was brought up from; each a hash that changes with what it stands for. */
export interface Origin {
  /** The files of the workspace. */
  readonly files: string;
  /** What the Compose file comes to, with all its variables. */
  readonly model: string;
}

/** What to bring up. */
export interface UpRequest {
  /**
   * Absolute paths of the Compose files, each laid over those before it; their relative paths (build contexts, binds) are resolved against
   * the folder of the first.
   */
  readonly composeFiles: readonly string[];
  /** Compose project name: the prefix of every container, network and volume. Unique per environment. */
  readonly project: string;
  readonly task: string;
  readonly run: string;
  readonly lease: Lease;
  /** The checkout that a kept environment belongs to, so that `gym down` finds it. */
  readonly checkout: string;
  /** Values for `${NAME}`; they win over `ambient` and the .env file. */
  readonly variables: Readonly<Record<string, string>>;
  /** The caller's environment variables. */
  readonly ambient: Readonly<Record<string, string | undefined>>;
  /** Folder for one log file per service, complete from the first line. */
  readonly logDirectory: string;
  /** Service namespaces and volumes that `observe` will be asked about; their helpers come up with the environment. */
  readonly observed: readonly Observed[];
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** One deadline for all of it. */
  readonly deadlineMs: number;
  /** What a kept one is brought up from, to be compared later. */
  readonly origin?: Origin;
}

/** What a helper container looks at from outside: a service's network namespace, or a volume (mounted read-only at /volume). */
export type Observed =
  | { readonly kind: 'network'; readonly service: string }
  | { readonly kind: 'volume'; readonly volume: string };

/** A command to run in a service. */
export interface ExecRequest {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly workdir?: string;
  readonly user?: string;
  /** Gets the output as it comes, stdout and stderr in order of arrival. */
  readonly onOutput: (chunk: Uint8Array, stream: 'stdout' | 'stderr') => void;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** A program of gym's own, to be run by Node.js in a container beside the services. */
export interface BesideRequest extends Pick<ExecRequest, 'command' | 'onOutput' | 'signal' | 'timeoutMs'> {
  /** Tells it from others that run at the same time. */
  readonly name: string;
  /** Network of the Compose file that it joins: it finds services by their names there. */
  readonly network: string;
  /** Files that are put into /gym. */
  readonly files: readonly { readonly name: string; readonly content: string }[];
}

/** How a command ended. A command that is timed out or aborted is killed inside the container too. */
export type ExecOutcome =
  | { readonly kind: 'exited'; readonly exitCode: number; readonly durationMs: number }
  | { readonly kind: 'timed-out'; readonly durationMs: number }
  | { readonly kind: 'aborted'; readonly durationMs: number }
  /** The service died or the engine went away under it. */
  | { readonly kind: 'lost'; readonly because: string; readonly durationMs: number };

/** A service that ended after it was ready, without being asked to. One that has no health check may end with 0, as long as no command is to run in it: its work is done. */
export interface Death {
  readonly service: string;
  readonly exitCode: number;
  /** `killed`: by a signal from outside or for lack of memory; `exited`: by itself. */
  readonly how: 'killed' | 'out-of-memory' | 'exited';
  readonly at: number;
}

/** A port of a service and the port of 127.0.0.1 that leads to it. */
export interface PublishedPort {
  readonly service: string;
  readonly containerPort: number;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  readonly hostPort: number;
}

/** What is wanted of a folder. */
export interface FolderRequest {
  /** Absolute path in the container. */
  readonly folder: string;
  /** By the path below the folder. */
  readonly wants: (path: string) => boolean;
  /** Whether the contents are wanted as well. */
  readonly contents: boolean;
  /** Bytes of the whole folder, wanted or not: the engine sends all of it. */
  readonly limitBytes: number;
}

/** A regular file in a folder. */
export interface FolderFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly content: Uint8Array | undefined;
}

/** A port of 127.0.0.1 that leads to a port of a service until it is closed. */
export interface Forward extends AsyncDisposable {
  readonly port: number;
}

/** What the engine tells of a container: counters of its cgroup and of its interfaces since it started, and what it uses now. */
export interface ContainerStats {
  readonly atMs: number;
  readonly cpuNs: number;
  readonly throttledPeriods: number;
  readonly throttledNs: number;
  /** Without what the kernel could drop at once: inactive pages of files. */
  readonly memoryBytes: number;
  readonly processes: number;
  /** From and to block devices; `null`: the kernel does not count them. */
  readonly readBytes: number | null;
  readonly writtenBytes: number | null;
  readonly rxBytes: number;
  readonly txBytes: number;
}

/** An environment that is up. */
export interface Environment {
  readonly project: string;
  readonly services: readonly string[];
  exec(service: string, request: ExecRequest): Promise<ExecOutcome>;
  /** Reads a file out of a service's container by the engine; `undefined`: there is none. Its problems are of kind `evidence`. */
  readFile(service: string, path: string, limitBytes?: number): Promise<Result<Uint8Array | undefined>>;
  /** Changes whenever a file of a service's container is written; `undefined`: there is none, or the engine does not see it. */
  fileStamp(service: string, path: string): Promise<string | undefined>;
  /** Runs a command in the helper that looks at `observed`; gives its standard output. */
  observe(observed: Observed, command: readonly string[]): Promise<Result<string>>;
  /** The regular files below a folder of a service's container, read by the engine. Its problems are of kind `evidence`. */
  readFolder(service: string, request: FolderRequest): Promise<Result<FolderFile[]>>;
  /** A port of 127.0.0.1 that leads to a port of a service whose network is observed, published or not, until it is closed. */
  forward(service: string, port: number): Promise<Result<Forward>>;
  /** What a service's container uses and has used, as the engine reads it from the kernel. */
  stats(service: string): Promise<Result<ContainerStats>>;
  /** Runs a program in a container of its own on one of the networks; nothing is left of it. */
  runBeside(request: BesideRequest): Promise<Result<ExecOutcome>>;
  /** Hardware address of a service's interface on a network of the Compose file; tells which interface is which. */
  macAddress(service: string, network: string): string | undefined;
  /** Port on 127.0.0.1 that leads to a port of the Compose file's `ports`; another one in every environment. */
  publishedPort(service: string, containerPort: number, protocol?: 'tcp' | 'udp' | 'sctp'): number | undefined;
  /** All of these ports. */
  publishedPorts(): readonly PublishedPort[];
  /** Log file of a service. */
  logFile(service: string): string;
  /** Why not all that a service printed is in its log file; undefined: it is. */
  logProblem(service: string): string | undefined;
  /** Services that died since they were ready. */
  deaths(): readonly Death[];
  /** Whether the engine answers, and has without a break: else `deaths` may not know all. */
  engineAnswers(limitMs?: number): Promise<boolean>;
  /** Waits until all that the services printed up to now is in their log files (bounded by about a second, or ten where much comes). */
  flushLogs(): Promise<void>;
  /**
   * Puts it back into the state right after its seeds had run: files, volumes, databases; all processes are new, and so are published
   * ports and addresses. The first time takes as long as coming up; from then on a spare comes up in the background, where nothing of the
   * host is shared, and takes the place at once. After a failure nothing of it runs.
   */
  reset(): Promise<Result<void>>;
  /** Halts every process of the services, and lets them go on. What was halted may be removed as well. */
  pause(): Promise<Result<void>>;
  resume(): Promise<Result<void>>;
  /** Lets go of a kept environment: stops watching it and following its logs; everything stays up. */
  release(): void;
  /** Removes everything that was made, without waiting for graceful ends. Idempotent; gives what could not be removed. */
  down(): Promise<Result<void>>;
}

/** A container of an environment as `gym ps` shows it. */
export interface ServiceStatus {
  readonly project: string;
  readonly task: string;
  readonly service: string;
  readonly container: string;
  readonly state: string;
  readonly image: string;
  readonly startedAt: number | null;
  readonly exitCode: number | null;
  /** "127.0.0.1:32768->8080/tcp" */
  readonly ports: readonly string[];
}

/** An environment that is there, whoever brought it up. */
export interface EnvironmentStatus {
  readonly project: string;
  readonly task: string;
  readonly run: string;
  readonly lease: Lease;
  readonly checkout: string;
  /** What a kept one was brought up from; `null`: it is none, it is not up to the end, or nobody said. */
  readonly origin: Origin | null;
  /** The one that is used: a reset puts another in its place. */
  readonly generation: string;
  readonly services: readonly ServiceStatus[];
}
