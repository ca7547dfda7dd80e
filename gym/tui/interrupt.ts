/** What an interruption asks for. */
export type Interruption = 'stop' | 'force' | 'ignore';

const duplicateMs = 1000;

/**
 * Tells a first interruption (stop and clean up) from a second one (leave at once). A signal within a second of an
 * interruption is the same one: npm passes each SIGINT on twice. A key is never doubled, so it always counts.
 */
export function interruptions(clock: () => number): (source: 'key' | 'signal') => Interruption {
  let last: number | undefined;
  return (source) => {
    const now = clock();
    if (last === undefined) {
      last = now;
      return 'stop';
    }
    return source === 'signal' && now - last < duplicateMs ? 'ignore' : 'force';
  };
}
