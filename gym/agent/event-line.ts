import { z } from 'zod';
import { jsonOf } from '../events/json.ts';

const anyEvent = z.looseObject({ type: z.string() });

/**
 * Reads lines of an agent program's stream of events. `unknown`: an event of a type that gym does not know, as newer programs have them. `malformed`: no event, or one
 * of a known type in another shape.
 */
export function eventReader<Event>(
  schema: z.ZodType<Event> & {
    readonly options: readonly { readonly shape: { readonly type: z.ZodLiteral<string> } }[];
  },
): (line: string) => Event | 'unknown' | 'malformed' {
  const known = new Set(schema.options.map((option) => option.shape.type.value));
  return (line) => {
    const json = jsonOf(line);
    const any = anyEvent.safeParse(json);
    if (!any.success) return 'malformed';
    if (!known.has(any.data.type)) return 'unknown';
    const event = schema.safeParse(json);
    return event.success ? event.data : 'malformed';
  };
}
