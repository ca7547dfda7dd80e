import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveHost } from '../../../gym/environment/host.ts';

let config = '';
beforeEach(() => {
  config = mkdtempSync(join(tmpdir(), 'gym-docker-config-'));
});
afterEach(() => rmSync(config, { recursive: true, force: true }));

function context(name: string, host: string): void {
  const folder = join(config, 'contexts', 'meta', createHash('sha256').update(name).digest('hex'));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'meta.json'), JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }));
}

describe('resolveHost', () => {
  it.each([
    ['unix:///x.sock', { kind: 'socket', path: '/x.sock' }],
    ['tcp://h:1234', { kind: 'tcp', host: 'h', port: 1234, certificates: null }],
    ['h', { kind: 'tcp', host: 'h', port: 2375, certificates: null }],
    ['tcp://h:2376', { kind: 'tcp', host: 'h', port: 2376, certificates: '/certs' }],
  ])('DOCKER_HOST=%s', (text, expected) => {
    expect(resolveHost({ DOCKER_HOST: text, DOCKER_CERT_PATH: '/certs' })).toEqual({ ok: true, value: expected });
  });

  it('refuses ssh by name', () => {
    const resolved = resolveHost({ DOCKER_HOST: 'ssh://me@there' });
    expect(resolved.ok ? '' : resolved.problems[0].message).toMatch(/DOCKER_HOST says "ssh:\/\/me@there".*ssh/);
  });

  it('takes DOCKER_CONTEXT before the current context, and DOCKER_HOST before both', () => {
    context('one', 'unix:///one.sock');
    context('two', 'tcp://two:1');
    writeFileSync(join(config, 'config.json'), JSON.stringify({ currentContext: 'one', auths: {} }));
    const of = (ambient: Record<string, string>): unknown => resolveHost({ DOCKER_CONFIG: config, ...ambient });
    expect(of({})).toEqual({ ok: true, value: { kind: 'socket', path: '/one.sock' } });
    expect(of({ DOCKER_CONTEXT: 'two' })).toMatchObject({ ok: true, value: { host: 'two' } });
    expect(of({ DOCKER_CONTEXT: 'two', DOCKER_HOST: 'unix:///env.sock' })).toMatchObject({
      value: { path: '/env.sock' },
    });
    expect(of({ DOCKER_CONTEXT: 'none' })).toMatchObject({ ok: false });
  });
});
