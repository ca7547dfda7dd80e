import type { Environment } from '../environment/environment.ts';
import type { Problem } from '../events/problem.ts';
import type { Stage } from '../task/schema.ts';
import type { StageOutcome } from './stage.ts';
import { stageFile } from './stage-file.ts';

/** The stages of a run and what came of them. */
export interface RanStages {
  readonly stages: readonly Stage[];
  readonly outcomes: readonly StageOutcome[];
  readonly environment: Environment;
  readonly hostDirectory: string;
}

/**
 * Looks at all result files once more, some time after they were read. Nobody has anything to write there any more: what is another one now was
 * written by something that a stage or a service left running, and so may have been what was read.
 */
export async function rewrittenResults({
  stages,
  outcomes,
  environment,
  hostDirectory,
}: RanStages): Promise<Problem[]> {
  const looked = stages.map(async (stage): Promise<Problem[]> => {
    const before = outcomes.find((outcome) => outcome.stage === stage.name)?.stamp;
    if (stage.results === undefined || before === undefined || isWrittenLater(stage, stages)) return [];
    const stamp = await stageFile(stage, stage.results.path, environment, hostDirectory).stamp();
    if (stamp === undefined || stamp === before) return [];
    const message = `${stage.results.path} was written again after stage ${stage.name} had ended: what was read of it may be no result of the stage`;
    return [{ kind: 'evidence', message, remedy: 'Leave no process running that writes there.' }];
  });
  return (await Promise.all(looked)).flat();
}

/** Whether a later stage has its results at the same place. */
function isWrittenLater(stage: Stage, stages: readonly Stage[]): boolean {
  const isSame = ({ service, results }: Stage): boolean =>
    service === stage.service && results?.path === stage.results?.path;
  return stages.slice(stages.indexOf(stage) + 1).some(isSame);
}
