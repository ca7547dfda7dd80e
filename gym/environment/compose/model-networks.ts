/** A service's place in a network. */
export interface Attachment {
  readonly network: string;
  /** Names beside the service's own. */
  readonly aliases: readonly string[];
  readonly ipv4Address: string | null;
  readonly ipv6Address: string | null;
  readonly linkLocalIps: readonly string[];
  readonly macAddress: string | null;
  readonly driverOptions: Readonly<Record<string, string>>;
  /** Networks are joined from the highest on. */
  readonly priority: number;
}

/** A container port to be published on an ephemeral port of 127.0.0.1; what the file asks for on the host's side is kept for people. */
export interface PortModel {
  readonly containerPort: number;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  readonly hostIp: string | null;
  /** A port or a range. */
  readonly published: string | null;
}

/** A network of the file. */
export interface NetworkModel {
  readonly name: string;
  /** The engine's name of a network that somebody else made; `null` for one that the environment makes. */
  readonly external: string | null;
  /** The name that the file asks for, which is not given: environments would collide. */
  readonly fixedName: string | null;
  readonly driver: string | null;
  readonly driverOptions: Readonly<Record<string, string>>;
  readonly internal: boolean;
  readonly attachable: boolean;
  /** `null`: as the engine does by itself. */
  readonly ipv4: boolean | null;
  readonly ipv6: boolean | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly ipam: IpamModel | null;
}

/** How addresses are given. Without a subnet gym chooses one. */
export interface IpamModel {
  readonly driver: string | null;
  readonly options: Readonly<Record<string, string>>;
  readonly pools: readonly {
    readonly subnet: string | null;
    readonly ipRange: string | null;
    readonly gateway: string | null;
    readonly auxAddresses: Readonly<Record<string, string>>;
  }[];
}
