import { realpath } from 'node:fs/promises';
import type { Stage } from '../task/schema.ts';
import type { Found } from './judge-stage.ts';
import { parseResults } from './parse/index.ts';
import { type StageFile, standardOutput } from './stage-file.ts';

/** Gets the result file as it was read, whatever it holds: people and build machines want the tool's own. */
type Keep = (text: string) => void;

/** Reads the cases that a stage reported. */
export async function readResults(
  results: NonNullable<Stage['results']>,
  file: StageFile,
  isOnHost: boolean,
  keep: Keep,
): Promise<Found> {
  const { format } = results;
  const path = results.path === standardOutput ? 'standard output' : results.path;
  const content = await file.read();
  if (content.kind === 'missing') return { kind: 'missing', path };
  if (content.kind === 'refused') return { kind: 'unparseable', path, because: content.because };
  keep(content.text);
  const folder = await file.folder();
  // On the host, tools print paths without links.
  const root = isOnHost ? await realpath(folder) : folder;
  return { ...parseResults(format, content.text, root), path };
}
