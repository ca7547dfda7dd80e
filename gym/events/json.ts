/** What a text says as JSON; `undefined`: it is none, as where a file was damaged or a program printed something else. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
