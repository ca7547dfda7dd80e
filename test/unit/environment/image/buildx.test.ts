import { describe, expect, it } from 'vitest';
import type { BuildModel, StoreModel } from '../../../../gym/environment/compose/model.ts';
import { buildxArguments, needsBuildx } from '../../../../gym/environment/image/buildx.ts';

const plain: BuildModel = {
  context: '/c',
  dockerfile: '/c/Dockerfile',
  dockerfileInline: null,
  target: null,
  args: {},
  labels: {},
  network: null,
  shmSizeBytes: null,
  extraHosts: [],
  additionalContexts: {},
  ssh: [],
  secrets: [],
};
const secrets = new Map<string, StoreModel>([
  ['file', { name: 'file', fixedName: null, from: { kind: 'file', file: '/s/pw' } }],
  ['a-b', { name: 'a-b', fixedName: null, from: { kind: 'variable', variable: 'V', content: 'the secret' } }],
]);
const parts = { reference: 'r:1', labels: { l: '1' }, platform: null, secrets };

describe('docker buildx', () => {
  it('is used for what the API of the engine does not take, and for nothing else', () => {
    expect(needsBuildx({ ...plain, args: { A: '1' }, extraHosts: ['h:1.1.1.1'] })).toBe(false);
    expect(needsBuildx({ ...plain, ssh: ['default'] })).toBe(true);
    expect(needsBuildx({ ...plain, additionalContexts: { a: '/a' } })).toBe(true);
  });

  it('gets secrets by their files or by a variable, never by the command line', () => {
    const used = [
      { source: 'file', target: 'id' },
      { source: 'a-b', target: null },
    ];
    const line = buildxArguments({ ...plain, secrets: used, ssh: ['default'] }, parts).join(' ');
    expect(line).toBe(
      'buildx build --load --progress plain --tag r:1 --file /c/Dockerfile --label l=1 --ssh default --secret id=id,src=/s/pw --secret id=a-b,env=GYM_SECRET_a_b /c',
    );
  });
});
