/** Something that was found in a text. */
export interface Finding {
  /** What it is, in words: `an e-mail address`. */
  readonly what: string;
  /** Index of its first character, and of the one after its last. */
  readonly from: number;
  readonly to: number;
}
