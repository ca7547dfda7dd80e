import { expect, test } from 'vitest';
import { z } from 'zod';
import { DefinitionError } from '../../../gym/task/definition-error.ts';
import {
  defineSource,
  http,
  kernelCounters,
  namesOf,
  networkCounters,
  redis,
  sqlite,
  volumeFiles,
  workspaceFiles,
} from '../../../gym/task/source.ts';

const taking = { schema: z.unknown(), samples: () => [] };
const request = { service: 'app', port: 80, path: '/', ...taking };

test.each([
  [http(request), { service: ['app'] }],
  [networkCounters({ services: ['a', 'b'], network: 'inner' }), { services: ['a', 'b'], network: ['inner'] }],
  [kernelCounters({ services: ['a'] }), { services: ['a'] }],
  [volumeFiles({ volumes: ['v'] }), { volumes: ['v'] }],
  [defineSource({ services: ['a'], read: () => ({ samples: [] }) }), { services: ['a'] }],
  [sqlite({ file: 'a.db', query: 'SELECT 1', ...taking }), {}],
  [workspaceFiles({ pattern: '*' }), {}],
])('what $kind names of the Compose file', (source, named) => {
  const names = namesOf(source).filter((each) => each.names.length > 0);
  expect(Object.fromEntries(names.map((each) => [each.key, each.names]))).toEqual(named);
});

/** What an author is told. */
function told(make: () => unknown): string {
  try {
    make();
    return '';
  } catch (thrown) {
    return thrown instanceof DefinitionError ? thrown.message : String(thrown);
  }
}

test.each([
  [() => http({ ...request, port: 0 }), /^http: port: Too small/],
  [() => http({ ...request, path: 'status' }), /^http: path: a path begins with \//],
  [() => http({ ...request, timeoutSeconds: 0 }), /^http: timeoutSeconds: Too small/],
  [() => redis({ service: 'a', commands: { none: [] }, ...taking }), /^redis: commands\.none: Too small/],
  [
    () => http(JSON.parse('{"service":"a","port":1,"path":"/","pat":""}')),
    /unknown key "pat" \(did you mean "pa(th|rse)"\?\)/,
  ],
  [() => defineSource(JSON.parse('{"servces":["a"]}')), /unknown key "servces" \(did you mean "services"\?\)/],
])('what does not fit is told to its author', (make, message) => {
  expect(told(make)).toMatch(message);
});
