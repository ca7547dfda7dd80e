import { stageFile } from '../harness/stage-file.ts';
import { parseDocuments } from './documents.ts';
import { type BeginSource, notRead } from './reader.ts';
import { take } from './take.ts';

/** Records of a stage. A file that lies there before the stage begins was planted or is stale, and is removed. */
export const beginOutput: BeginSource<'output'> = async (source, { task, environment, hostDirectory, nonce }) => {
  const stage = task.stages.find(({ name }) => name === source.stage);
  if (stage === undefined) return async () => notRead(`there is no stage ${source.stage}`);
  const file = stageFile(stage, source.path, environment, hostDirectory);
  const blocked = await file.clear();
  return async () => {
    if (blocked !== undefined) return notRead(blocked);
    const content = await file.read();
    if (content.kind === 'missing') return notRead(`the stage ${source.stage} wrote no ${source.path}`);
    if (content.kind === 'refused') return notRead(`${source.path} cannot be read: ${content.because}`);
    const documents = await parseDocuments(source.format, content.text, { file: source.path });
    return documents.ok ? take(documents.value, source.parse, nonce) : documents;
  };
};
