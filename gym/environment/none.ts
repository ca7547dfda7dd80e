import { failed } from '../events/problem.ts';
import type { Environment } from './environment.ts';

const absent = failed({ kind: 'evidence', message: 'nothing is up' });

/** The environment of what needs none: it has no services, and nothing can be asked of it. */
export const noEnvironment: Environment = {
  project: '',
  services: [],
  exec: async () => ({ kind: 'lost', because: 'nothing is up', durationMs: 0 }),
  readFile: async () => absent,
  fileStamp: async () => undefined,
  observe: async () => absent,
  readFolder: async () => absent,
  forward: async () => absent,
  stats: async () => absent,
  runBeside: async () => absent,
  macAddress: () => undefined,
  publishedPort: () => undefined,
  publishedPorts: () => [],
  logFile: () => '',
  logProblem: () => undefined,
  deaths: () => [],
  engineAnswers: async () => true,
  flushLogs: async () => undefined,
  reset: async () => absent,
  pause: async () => absent,
  resume: async () => absent,
  release: () => undefined,
  down: async () => ({ ok: true, value: undefined }),
};
