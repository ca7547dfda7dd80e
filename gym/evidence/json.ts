import { ok } from '../events/problem.ts';
import { stageFile } from '../harness/stage-file.ts';
import { type BeginSource, notRead } from './reader.ts';

/** A JSON document of a stage. One that lies there before the stage begins was planted or is stale, and is removed. */
export const beginJson: BeginSource<'json'> = async (source, { task, environment, hostDirectory }) => {
  const stage = task.stages.find(({ name }) => name === source.stage);
  if (stage === undefined) return async () => notRead(`there is no stage ${source.stage}`);
  const file = stageFile(stage, source.path, environment, hostDirectory);
  const blocked = await file.clear();
  return async () => {
    if (blocked !== undefined) return notRead(blocked);
    const content = await file.read();
    if (content.kind === 'missing') return notRead(`the stage ${source.stage} wrote no ${source.path}`);
    if (content.kind === 'refused') return notRead(`${source.path} cannot be read: ${content.because}`);
    try {
      const document: unknown = JSON.parse(content.text);
      const nonce = nonceOf(document);
      return ok({ samples: source.parse(document), ...(nonce !== undefined && { nonce }) });
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      return notRead(`${source.path} cannot be used: ${reason.slice(0, 500)}`);
    }
  };
};

/** A document may say which run it is of, by the value of `GYM_NONCE` that its stage was given. */
export function nonceOf(document: unknown): string | undefined {
  if (typeof document !== 'object' || document === null || !('gym_nonce' in document)) return undefined;
  return String(document.gym_nonce);
}
