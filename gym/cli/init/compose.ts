import { parse, stringify } from 'yaml';
import { z } from 'zod';
import type { Harness, Repo } from './harness.ts';

/** The first line of a Compose file that `gym init` wrote. */
const mark = '# Written by gym init.';
const usualNames = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];

const composeSchema = z.object({
  services: z.record(
    z.string(),
    z.object({ build: z.unknown(), environment: z.unknown(), env_file: z.unknown() }).partial().catch({}),
  ),
});

/** The Compose file that a repo has of its own. */
export interface OwnCompose {
  readonly file: string;
  readonly services: readonly string[];
  /** What the first service that is built from source gets to know: the tests get the same. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Files of variables without which a service does not come up, as they are written. */
  readonly envFiles: readonly string[];
}

/** The repo's own Compose file; one that `gym init` wrote is none. */
export function ownCompose(repo: Repo): OwnCompose | undefined {
  const file = usualNames.find((name) => repo.has(name));
  if (file === undefined || repo.text(file).startsWith(mark)) return undefined;
  const services = servicesIn(repo.text(file));
  const built = Object.values(services).find(({ build }) => build !== undefined);
  const { environment, env_file } = built ?? {};
  const settings = { ...(environment !== undefined && { environment }), ...(env_file !== undefined && { env_file }) };
  const envFiles = Object.values(services).flatMap((service) => requiredFiles(service.env_file));
  return { file, services: Object.keys(services), settings, envFiles: [...new Set(envFiles)] };
}

const envFileSchema = z.union([
  z.string().transform((path) => ({ path, required: true })),
  z.object({ path: z.string(), required: z.boolean().default(true) }),
]);

function requiredFiles(written: unknown): string[] {
  return [written].flat().flatMap((each) => {
    const { success, data } = envFileSchema.safeParse(each);
    return success && data.required ? [data.path] : [];
  });
}

/** What cannot be read here is told, with its line, before anything is written. */
function servicesIn(text: string): z.output<typeof composeSchema>['services'] {
  try {
    return composeSchema.parse(parse(text, { merge: true })).services;
  } catch {
    return {};
  }
}

/** Names of the services in which the harnesses run: `tests`, or one for each language; none that is taken. */
export function serviceNames(harnesses: readonly Harness[], own: OwnCompose | undefined): readonly string[] {
  const free = (name: string): string => (own?.services.includes(name) === true ? free(`${name}-gym`) : name);
  return harnesses.map(({ language }) => free(harnesses.length === 1 ? 'tests' : `tests-${language}`));
}

/** The Compose file of the services in which the harnesses run. Each has the source in its image. */
export function composeText(harnesses: readonly Harness[], own: OwnCompose | undefined): string {
  const names = serviceNames(harnesses, own);
  const services = harnesses.map(({ dockerfile }, index) => {
    const hasSource = dockerfile.includes('COPY . .');
    const lines = [...dockerfile, ...(hasSource ? [] : ['COPY . .']), ''].join('\n');
    const service = {
      build: { context: '.', dockerfile_inline: lines },
      ...own?.settings,
      command: ['sleep', 'infinity'],
      init: true,
    };
    return [names[index] ?? '', service] as const;
  });
  const why = own === undefined ? '' : ` It is laid over ${own.file}.`;
  return `${mark} The tests run in here, beside the other services.${why}\n${stringify({ services: Object.fromEntries(services) })}`;
}
