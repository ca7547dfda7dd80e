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
    ['tcp://h:1234', { kind: 'tcp', host: 'h', port: 1234, tls: null }],
    ['tcp://[::1]:1234', { kind: 'tcp', host: '::1', port: 1234, tls: null }],
    ['h', { kind: 'tcp', host: 'h', port: 2375, tls: null }],
    ['ssh://there', { kind: 'ssh', user: null, host: 'there', port: null, socket: '/var/run/docker.sock' }],
    ['ssh://me@there:23/', { kind: 'ssh', user: 'me', host: 'there', port: 23, socket: '/var/run/docker.sock' }],
    ['ssh://[::1]/run/user/1/x', { kind: 'ssh', user: null, host: '::1', port: null, socket: '/run/user/1/x' }],
  ])('DOCKER_HOST=%s', (text, expected) => {
    expect(resolveHost({ DOCKER_HOST: text, DOCKER_CERT_PATH: '/certs' })).toEqual({ ok: true, value: expected });
  });

  it.each([
    [
      { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/certs' },
      { folder: '/certs', verify: true },
    ],
    [
      { DOCKER_TLS: '1', DOCKER_CONFIG: '/config' },
      { folder: '/config', verify: false },
    ],
  ])('is secured as %o says', (ambient, tls) => {
    const expected = { ok: true, value: { kind: 'tcp', host: 'h', port: 2376, tls } };
    expect(resolveHost({ DOCKER_HOST: 'tcp://h', ...ambient })).toEqual(expected);
  });

  it.each(['ssh://', 'ssh://me:secret@there', 'ssh://-oProxyCommand=x', 'ssh://-l@there', 'ssh://there?x'])(
    'refuses %s',
    (text) => {
      const resolved = resolveHost({ DOCKER_HOST: text });
      expect(resolved.ok ? '' : resolved.problems[0].message).toMatch(
        /^DOCKER_HOST says "ssh:.*": an ssh address is ssh:/,
      );
    },
  );

  it('takes the certificates of a context, not those of the environment', () => {
    context('plain', 'tcp://plain:1');
    context('secured', 'tcp://secured:1');
    const folder = join(config, 'contexts', 'tls', createHash('sha256').update('secured').digest('hex'), 'docker');
    mkdirSync(folder, { recursive: true });
    const of = (name: string): unknown =>
      resolveHost({ DOCKER_CONFIG: config, DOCKER_CONTEXT: name, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/certs' });
    expect(of('plain')).toMatchObject({ ok: true, value: { host: 'plain', tls: null } });
    expect(of('secured')).toMatchObject({ ok: true, value: { tls: { folder, verify: true } } });
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
