import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Death, Environment } from '../../../gym/environment/environment.ts';
import type { EventBody } from '../../../gym/events/event.ts';
import type { StageContext } from '../../../gym/harness/stage.ts';
import { type Stage, stageSchema } from '../../../gym/task/schema.ts';

/** A new folder that goes with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gym-harness-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A stage as a task file writes it. */
export const stageOf = (input: Partial<Stage> & Pick<Stage, 'command'>): Stage =>
  stageSchema.parse({ name: 'unit', ...input });

const notHere = (): never => {
  throw new Error('a stage on the host does not use it');
};

/** An environment whose services are looked at but not used, as stages on the host have it. */
export function idleEnvironment(deaths: Death[] = [], services: readonly string[] = []): Environment {
  return {
    project: 'idle',
    services,
    exec: notHere,
    readFile: notHere,
    fileStamp: notHere,
    observe: notHere,
    readFolder: notHere,
    forward: notHere,
    stats: notHere,
    runBeside: notHere,
    macAddress: notHere,
    logFile: () => '',
    logProblem: notHere,
    publishedPort: notHere,
    publishedPorts: () => [{ service: 'web-api', containerPort: 80, protocol: 'tcp', hostPort: 32_768 }],
    release: notHere,
    deaths: () => deaths,
    engineAnswers: async () => true,
    flushLogs: async () => undefined,
    pause: notHere,
    resume: notHere,
    reset: notHere,
    down: notHere,
  };
}

/** What a stage on the host needs, in a folder of its own. */
export function hostContext(environment = idleEnvironment()): StageContext & { events: EventBody[] } {
  const hostDirectory = temporaryFolder();
  const events: EventBody[] = [];
  return {
    environment,
    hostDirectory,
    logFile: join(temporaryFolder(), 'stages', 'unit.log'),
    nonce: 'of-this-run',
    run: `test-${process.pid}-${Math.random().toString(36).slice(2)}`,
    emit: (body) => events.push(body),
    signal: new AbortController().signal,
    events,
  };
}
