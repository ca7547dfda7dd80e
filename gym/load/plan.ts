import { z } from 'zod';

/** What one load may come to at most: more is a mistake, or more than one process can make and keep. */
export const loadLimits = {
  seconds: 600,
  perSecond: 20_000,
  arrivals: 1_000_000,
  inFlight: 10_000,
  timeoutMs: 60_000,
  requests: 50,
  phases: 100,
  bodyCharacters: 1_048_576,
} as const;

const text = z.string().max(loadLimits.bodyCharacters);
const named = {
  /** Told apart by it in what is measured. */
  name: z.string().min(1).max(80),
  /** How often it is chosen, beside the others. */
  weight: z.number().positive().max(1_000_000).default(1),
};

const httpRequest = z.strictObject({
  ...named,
  method: z
    .string()
    .regex(/^[A-Z]+$/, 'a method such as GET')
    .default('GET'),
  path: z.string().startsWith('/'),
  headers: z.record(z.string(), z.string()).default({}),
  body: text.optional(),
  /** The status that is a right answer; none: any from 200 to 299. Redirections are not followed. */
  status: z.number().int().min(200).max(599).optional(),
});

const tcpRequest = z.strictObject({
  ...named,
  /** Sent once the connection is there. */
  send: text.optional(),
  /** What the answer has to begin with; none: a connection that took what was sent is answer enough. */
  expect: text.optional(),
});

/** The names of requests have to differ: what is measured is told apart by them. */
function requestsOf<Request extends z.ZodType<{ readonly name: string }>>(request: Request) {
  return z
    .array(request)
    .min(1)
    .max(loadLimits.requests)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'two requests have the same name');
}

const target = z.discriminatedUnion('protocol', [
  z.strictObject({
    protocol: z.literal('http'),
    /** `http://web:8080`: a service by its name, as in the environment's network. */
    origin: z.string().regex(/^http:\/\/[^/\s?#]+$/, 'an origin such as http://web:8080'),
    requests: requestsOf(httpRequest),
  }),
  z.strictObject({
    protocol: z.literal('tcp'),
    host: z.string().min(1),
    port: z.number().int().min(1).max(65_535),
    requests: requestsOf(tcpRequest),
  }),
]);
/** Whom a load is for: an HTTP server with connections that are kept, or a TCP port with a connection for each arrival. */
export type LoadTarget = z.output<typeof target>;

const rate = z.number().nonnegative().max(loadLimits.perSecond);
const phase = z.strictObject({
  seconds: z.number().positive(),
  perSecond: rate,
  /** The rate that it goes to, evenly, until the phase's end; none: it stays. */
  toPerSecond: rate.optional(),
});
/** A time of a constant rate, or of one that changes evenly. */
export type LoadPhase = z.output<typeof phase>;

/** Arrivals that are to be expected of a phase. */
export function arrivalsOf({ seconds, perSecond, toPerSecond = perSecond }: LoadPhase): number {
  return ((perSecond + toPerSecond) / 2) * seconds;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

/** A load in full: what is sent, when, and when an arrival counts as late or lost. Bounded in every way. */
export const loadPlan = z
  .strictObject({
    target,
    phases: z.array(phase).max(loadLimits.phases),
    /** `constant`: at even distances; `poisson`: independent of each other, as people come. */
    arrivals: z.enum(['constant', 'poisson']).default('constant'),
    /** Decides the times of a Poisson process, and which request an arrival is. */
    seed: z.number().int().min(0).max(0xffff_ffff).default(1),
    /** Arrivals of the first seconds are sent and not counted. */
    warmUpSeconds: z.number().nonnegative().default(0),
    /** Arrivals that may be under way at a time; over HTTP each has a connection of its own. */
    maxInFlight: z.number().int().min(1).max(loadLimits.inFlight).default(256),
    /** How long an arrival may wait for a place, else it is dropped; and then for its answer, else it timed out. */
    timeoutMs: z.number().int().min(1).max(loadLimits.timeoutMs).default(5000),
    /** Sent so long after its intended start, an arrival is late. */
    lateAfterMs: z.number().positive().default(50),
  })
  .superRefine(({ phases, warmUpSeconds }, context) => {
    const wrong = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message });
    const seconds = sum(phases.map((each) => each.seconds));
    const arrivals = sum(phases.map(arrivalsOf));
    if (seconds > loadLimits.seconds) wrong('phases', `${seconds} seconds; at most ${loadLimits.seconds}`);
    if (arrivals > loadLimits.arrivals) wrong('phases', `${arrivals} arrivals; at most ${loadLimits.arrivals}`);
    if (arrivals < 1) wrong('phases', 'no arrival in it');
    else if (warmUpSeconds >= seconds) wrong('warmUpSeconds', 'nothing would be counted: it is as long as the load');
  });
export type LoadPlan = z.output<typeof loadPlan>;

/** The longest that an arrival can take: a wait for a place, and one for the answer. What is lost counts as that. */
export function longestMs({ timeoutMs }: Pick<LoadPlan, 'timeoutMs'>): number {
  return 2 * timeoutMs;
}
