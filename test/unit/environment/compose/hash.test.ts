import { expect, onTestFinished, test } from 'vitest';
import { modelHash } from '../../../../gym/environment/compose/hash.ts';
import { loadCompose } from '../../../../gym/environment/compose/load.ts';
import { temporaryFolder } from '../../../support/repository.ts';

const text = `services:
  a: {image: "x:\${TAG:-1}", env_file: [{path: a.env, required: false}], environment: {line: "1", KEPT: }}
  b: {image: y, profiles: [more], depends_on: [a]}
`;

test('changes with what the file comes to, and with nothing else', () => {
  const folder = temporaryFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  const hash = (
    variables: Record<string, string> = {},
    ambient: Record<string, string> = {},
    source = text,
  ): string => {
    folder.write('compose.yaml', source);
    const model = loadCompose(`${folder.path}/compose.yaml`, variables, ambient);
    if (!model.ok) throw new Error(model.problems[0].message);
    return modelHash(model.value);
  };
  const plain = hash();
  expect(hash({}, { OTHER: '1' })).toBe(plain);
  expect(hash({}, {}, `# a comment\n\n${text}`)).toBe(plain);
  const others = [
    hash({ TAG: '2' }),
    hash({}, { KEPT: 'from outside' }),
    hash({}, { COMPOSE_PROFILES: 'more' }),
    hash({}, {}, text.replace('line: "1"', 'line: "2"')),
  ];
  folder.write('a.env', 'FROM_FILE=1\n');
  others.push(hash());
  folder.write('a.env', 'FROM_FILE=2\n');
  others.push(hash());
  expect(new Set([plain, ...others]).size).toBe(7);
});
