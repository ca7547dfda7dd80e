/** Something from outside that is not what it should be. */
export class InvalidInput extends Error {
  override readonly name = 'InvalidInput';
}

/** An error in one line. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
