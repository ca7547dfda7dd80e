/** What a service may use of the machine. `null` and empty: no limit is set. */
export interface LimitsModel {
  /** Processors, as `1.5`. */
  readonly cpus: number | null;
  readonly cpuShares: number | null;
  readonly cpuPeriodUs: number | null;
  readonly cpuQuotaUs: number | null;
  readonly cpuRealtimePeriodUs: number | null;
  readonly cpuRealtimeRuntimeUs: number | null;
  /** `0-2,4`. */
  readonly cpuset: string | null;
  readonly memoryBytes: number | null;
  readonly memoryReservationBytes: number | null;
  /** Memory and swap together; -1: without a limit. */
  readonly memorySwapBytes: number | null;
  /** Percent. */
  readonly memorySwappiness: number | null;
  readonly oomKillDisable: boolean;
  readonly oomScoreAdjustment: number | null;
  /** -1: without a limit. */
  readonly pids: number | null;
  readonly shmSizeBytes: number | null;
  readonly ulimits: readonly Ulimit[];
  readonly cgroupParent: string | null;
  readonly blockIo: BlockIoModel | null;
  readonly devices: readonly DeviceModel[];
  readonly deviceCgroupRules: readonly string[];
  /** Of `gpus`. */
  readonly gpus: readonly DeviceRequest[];
  /** Of `deploy.resources.reservations.devices`. */
  readonly reservedDevices: readonly DeviceRequest[];
}

/** A process limit; both values as setrlimit(2) takes them. */
export interface Ulimit {
  readonly name: string;
  readonly soft: number;
  readonly hard: number;
}

/** Limits of block devices; rates in bytes or operations a second. */
export interface BlockIoModel {
  readonly weight: number | null;
  readonly weightDevices: readonly { readonly path: string; readonly weight: number }[];
  readonly readBps: readonly BlockIoLimit[];
  readonly readIops: readonly BlockIoLimit[];
  readonly writeBps: readonly BlockIoLimit[];
  readonly writeIops: readonly BlockIoLimit[];
}

/** The limit of one device. */
export interface BlockIoLimit {
  readonly path: string;
  readonly rate: number;
}

/** A device of the host; a source that is no path names one of the Container Device Interface. */
export interface DeviceModel {
  readonly source: string;
  readonly target: string;
  readonly permissions: string;
}

/** Devices that a driver finds, such as GPUs. */
export interface DeviceRequest {
  readonly driver: string | null;
  /** -1: all; `null`: those of `deviceIds`, else all. */
  readonly count: number | null;
  readonly deviceIds: readonly string[];
  readonly capabilities: readonly string[];
  readonly options: Readonly<Record<string, string>>;
}
