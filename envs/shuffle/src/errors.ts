/** Something from outside that is not what it should be. */
export class InvalidInput extends Error {
  override readonly name = 'InvalidInput';
}

/** An error in one line, with its cause: `fetch` hides what happened there. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${messageOf(error.cause)}`;
}
