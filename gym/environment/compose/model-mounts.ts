/** A mount of `volumes`. `source` is a volume's name in the file, or an absolute path of the host. */
export type MountModel =
  | {
      readonly kind: 'volume';
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
      /** The image's files at the target are not copied into a new volume. */
      readonly noCopy: boolean;
      readonly labels: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'anonymous';
      readonly target: string;
      readonly readOnly: boolean;
      readonly noCopy: boolean;
      readonly labels: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'bind';
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
      /** A source that is not there is made, as a folder. */
      readonly createHostPath: boolean;
      readonly propagation: string | null;
      /** `z` or `Z`. */
      readonly selinux: string | null;
      readonly recursive: BindRecursion | null;
    }
  | {
      readonly kind: 'tmpfs';
      readonly target: string;
      readonly readOnly: boolean;
      readonly sizeBytes: number | null;
      readonly mode: number | null;
    };

/**
 * What becomes of what is mounted below a bind's source: it comes along (`enabled`), and is read-only where the engine can make it so; it is
 * left out (`disabled`); it stays writable although the bind is not (`writable`); or it has to be read-only as well (`readonly`).
 */
export const bindRecursions = ['enabled', 'disabled', 'writable', 'readonly'] as const;
export type BindRecursion = (typeof bindRecursions)[number];

/** A mount of `tmpfs`; `options` as mount(8) takes them. */
export interface TmpfsModel {
  readonly target: string;
  readonly options: string;
}

/** A secret or config as a file in a service. */
export interface StoreMount {
  readonly source: string;
  /** `null`: `/run/secrets/SOURCE`, and `/SOURCE` for a config. */
  readonly target: string | null;
  readonly uid: string | null;
  readonly gid: string | null;
  /** `null`: 0444, or as the file is. */
  readonly mode: number | null;
}
