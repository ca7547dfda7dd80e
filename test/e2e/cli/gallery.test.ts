import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { leftOf } from '../../support/gym/engine.ts';
import { gym, repository } from '../../support/gym/program.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/repository.ts';
import { serviceImages } from '../../support/service-images.ts';

const gallery = join(repository, 'docs/gallery');

/** Asks the service that the example publishes. */
type Ask = (path: string, request?: RequestInit) => Promise<unknown>;

interface Example {
  /** What `gym ps` says of its services. */
  readonly services: Readonly<Record<string, 'running' | 'exited (0)'>>;
  /** What it answers when it is new. */
  readonly seeded: (ask: Ask) => Promise<void>;
  /** Changes what it keeps. */
  readonly spoil: (ask: Ask) => Promise<void>;
}

const asJson = (body: unknown): RequestInit => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json' },
});

const examples: Readonly<Record<string, Example>> = {
  'web-postgres-redis': {
    services: { web: 'running', db: 'running', cache: 'running' },
    seeded: async (ask) => {
      expect(await ask('/products')).toMatchObject([{ name: 'tea' }, { name: 'coffee' }, { name: 'cocoa' }]);
      expect(await ask('/products/2')).toMatchObject({ name: 'coffee', views: 1 });
    },
    spoil: async (ask) => {
      expect(await ask('/products/1', { method: 'DELETE' })).toEqual({ deleted: 1 });
      expect(await ask('/products/2')).toMatchObject({ views: 2 });
    },
  },
  migrations: {
    services: { app: 'running', db: 'running', migrate: 'exited (0)' },
    seeded: async (ask) => expect(await ask('/accounts')).toEqual({ ada: 10_000, bob: 2_500 }),
    spoil: async (ask) => {
      const transfer = asJson({ from: 'ada', to: 'bob', cents: 500 });
      expect(await ask('/transfers', transfer)).toEqual({ ada: 9_500, bob: 3_000 });
    },
  },
  profiles: {
    services: { web: 'running', cache: 'running', tester: 'running' },
    seeded: async (ask) => expect(await ask('/')).toEqual({ visits: 1 }),
    spoil: async (ask) => expect(await ask('/')).toEqual({ visits: 2 }),
  },
  'several-files': {
    services: { front: 'running', blue: 'running', green: 'running', cache: 'running' },
    seeded: async (ask) => expect(await ask('/')).toMatchObject({ answers: 1 }),
    spoil: async (ask) => {
      const [one, other] = [await ask('/'), await ask('/')];
      expect([one, other]).toEqual(
        expect.arrayContaining([
          { color: 'blue', answers: expect.any(Number) },
          { color: 'green', answers: expect.any(Number) },
        ]),
      );
    },
  },
  devcontainer: {
    services: { app: 'running', db: 'running' },
    // Its server is started by a command that does not wait for it.
    seeded: (ask) => expect.poll(() => ask('/').catch(String), { timeout: 20_000 }).toEqual(['ada', 'bob']),
    spoil: async (ask) => expect(await ask('/', { method: 'POST', body: 'eve' })).toEqual(['ada', 'bob', 'eve']),
  },
};

beforeAll(() => serviceImages(), 300_000);

describe("the docs' gallery", () => {
  test('is all tested', () => {
    expect(readdirSync(gallery).sort()).toEqual(Object.keys(examples).sort());
  });

  test.each(Object.entries(examples))('%s comes up, works, is reset, passes and goes', async (name, example) => {
    using checkout = checkoutOf(name);
    const run = async (...args: string[]): Promise<string> => {
      const { exitCode, stdout, stderr } = await gym(checkout.path, args);
      expect({ args, exitCode, stderr }).toMatchObject({ exitCode: 0 });
      return stdout + stderr;
    };
    await run('up', name);
    const listed = await run('ps');
    const services = [...listed.matchAll(/^\S+ +(\S+) +(running|exited \(0\)) /gm)].map(([, ...found]) => found);
    expect(Object.fromEntries(services)).toEqual(example.services);
    await example.seeded(askOf(listed));
    await example.spoil(askOf(listed));
    // Engines answer `null` where a container has changed no file.
    expect(await run('reset', name)).not.toContain('looking for changed files');
    await example.seeded(askOf(await run('ps')));
    await run('down', name, '--wait');
    expect(await run('verify', name)).toContain(`PASS ${name}: 1 of 1 check holds`);
    expect(leftOf(checkout.path)).toEqual([]);
  });
});

/** A repository with a copy of the example and nothing else. */
function checkoutOf(name: string): TemporaryFolder {
  const folder = temporaryFolder();
  folder.git('init', '-q', '-b', 'main');
  cpSync(join(gallery, name), folder.path, {
    recursive: true,
    filter: (path) => !path.slice(gallery.length).includes('/node_modules'),
  });
  folder.git('add', '-A');
  folder.git('commit', '-qm', 'first');
  return folder;
}

/** By the only port that `gym ps` lists. */
function askOf(listed: string): Ask {
  const [address] = /127\.0\.0\.1:\d+/.exec(listed) ?? [];
  return async (path, request) => (await fetch(`http://${address}${path}`, request)).json();
}
