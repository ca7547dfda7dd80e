/** Where something is asked for: the folder that names are looked up from, and the variables that Compose files may use. */
export interface Caller {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}
