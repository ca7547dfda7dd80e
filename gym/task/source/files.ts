import { z } from 'zod';
import { type FromDocuments, made, parse, stageName, taking } from './shared.ts';

/** Sizes of the files in a volume after a stage, as the file system tells them. Gives bytes with labels `volume` and `path`. */
export const filesSource = z.strictObject({
  kind: z.literal('files'),
  stage: stageName.optional(),
  volumes: z.array(z.string()).min(1),
  /** Glob within the volume; all files by default. */
  pattern: z.string().default('**'),
});

/** How files are read: one document, one for each of several in a file (YAML, NDJSON, CSV), or the text; `none`: only their sizes. */
export const fileFormat = z.enum(['none', 'json', 'ndjson', 'csv', 'yaml', 'text']);
export type FileFormat = z.output<typeof fileFormat>;

/** Files by a pattern: bytes with label `path`, and in `format` their documents, each with its place. */
const found = {
  stage: stageName.optional(),
  /** Globs; a file that fits one of them is taken. */
  pattern: z.union([z.string(), z.array(z.string()).min(1)]).transform((globs) => [globs].flat()),
  format: fileFormat.default('none'),
  parse,
};
/** Files of the snapshot. */
export const workspaceSource = z.strictObject({ kind: z.literal('workspace'), ...found });
/** Files in a service's container. */
export const serviceFilesSource = z.strictObject({
  kind: z.literal('service-files'),
  service: z.string(),
  /** Absolute path of a folder in its container; the pattern is relative to it. */
  folder: z.string().startsWith('/', 'an absolute path in the container'),
  ...found,
});

/** Which files, in which format, and what is taken from each of their documents. */
export interface FilesSpec<Schema extends z.ZodType> extends FromDocuments<Schema> {
  stage?: string;
  pattern: string | string[];
  format?: FileFormat;
}

/** Sizes of the files in volumes: a witness of what was really written. */
export function volumeFiles(spec: Omit<z.input<typeof filesSource>, 'kind'>): z.output<typeof filesSource> {
  return made('volumeFiles', filesSource, { kind: 'files', ...spec }, volumeFiles);
}

/** Files of the workspace: without a stage as they were before any ran, else as they are after it. For rules over what is written. */
export function workspaceFiles<Schema extends z.ZodType>(spec: FilesSpec<Schema>): z.output<typeof workspaceSource> {
  const { schema: _, samples: __, ...rest } = spec;
  return made('workspaceFiles', workspaceSource, { kind: 'workspace', ...rest, parse: taking(spec) }, workspaceFiles);
}

/** Files of a service's container, read by the engine: nothing in the container has to help, or could lie. */
export function serviceFiles<Schema extends z.ZodType>(
  spec: FilesSpec<Schema> & { service: string; folder: string },
): z.output<typeof serviceFilesSource> {
  const { schema: _, samples: __, ...rest } = spec;
  return made(
    'serviceFiles',
    serviceFilesSource,
    { kind: 'service-files', ...rest, parse: taking(spec) },
    serviceFiles,
  );
}
