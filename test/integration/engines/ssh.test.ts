import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectEngine } from '../../../gym/environment/engine.ts';
import { keepSlots } from '../../../gym/environment/slots/keep.ts';
import { tinyCheckout } from '../../support/gym/checkout.ts';
import { leftOf } from '../../support/gym/engine.ts';
import { gym, startGym } from '../../support/gym/program.ts';
import { bench, eventually, labelled, messageOf, run } from '../environment/support.ts';
import { type Sshd, sshd } from './sshd.ts';

const box = { image: 'debian:bookworm-slim', init: true, command: ['sleep', '1000'] };

/** Numbers of the ssh programs that lead to the server, and of the shells that end them with their gym. */
function sshProcesses(): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return line.includes('gym-ssh') && line.includes('engine-host');
      } catch {
        return false;
      }
    });
}

describe('an engine behind ssh', () => {
  const here = bench();
  let server: Sshd | string = 'it was not started';
  beforeAll(async () => {
    server = await sshd();
    if (typeof server === 'string') console.warn(`NOT TESTED: engines behind ssh: ${server}`);
  }, 300_000);
  afterAll(async () => {
    if (typeof server !== 'string') await server[Symbol.asyncDispose]();
  });
  const on = (test: (server: Sshd) => Promise<void>) => {
    return async ({ skip }: { skip: (why: string) => void }): Promise<void> => {
      if (typeof server === 'string') return skip(server);
      await test(server);
    };
  };

  it(
    'brings an environment up, runs commands in it, resets it and takes it down, by one ssh',
    on(async ({ ambient }) => {
      const services = JSON.stringify({
        services: {
          db: { ...box, command: ['sh', '-c', 'echo booted; sleep 1000'], volumes: ['data:/data'] },
          seed: {
            ...box,
            command: ['sh', '-c', 'echo rows >/data/table'],
            volumes: ['data:/data'],
            depends_on: ['db'],
          },
          api: { ...box, depends_on: { seed: { condition: 'service_completed_successfully' } } },
        },
        volumes: { data: {} },
      });
      const environment = await here.mustUp(services, { ambient: ambient() });
      const three = await run(environment, 'api', ['sh', '-c', 'echo out; exit 3']);
      expect(three).toMatchObject({ outcome: { kind: 'exited', exitCode: 3 }, out: 'out\n' });
      expect((await run(environment, 'db', ['rm', '/data/table'])).outcome).toMatchObject({ exitCode: 0 });
      expect(messageOf(await environment.reset())).toBe('');
      expect((await run(environment, 'db', ['cat', '/data/table'])).out).toBe('rows\n');
      await environment.flushLogs();
      expect(here.logOf(environment, 'db')).toBe('booted\n');
      // The program, and the shell that ends it with this process.
      expect(sshProcesses()).toHaveLength(2);
      expect(messageOf(await environment.down())).toBe('');
      expect(labelled(`dev.gym.project=${environment.project}`)).toEqual([]);
    }),
  );

  it(
    'leads stages on this machine to published ports',
    on(async ({ ambient }) => {
      const listen = `use Socket; socket(my $s, PF_INET, SOCK_STREAM, 0); bind($s, sockaddr_in(80, INADDR_ANY)); listen($s, 5);
while (accept(my $c, $s)) { print $c "told over there\\n"; close $c }`;
      const web = {
        ...box,
        command: ['perl', '-e', listen.replaceAll('$', '$$$$')],
        ports: ['80'],
        healthcheck: { test: 'grep -q :0050 /proc/net/tcp', interval: '1s', retries: 30 },
      };
      const command = `bash -c 'test "$(head -n 1 </dev/tcp/$GYM_HOST/$GYM_PORT_WEB_80)" = "told over there"'`;
      const services = JSON.stringify({ services: { web } });
      using checkout = tinyCheckout({ services, stages: [{ name: 'unit', command }] });
      const verified = await gym(checkout.path, ['verify'], ambient());
      expect(verified.stderr + verified.stdout).toMatch(/pass/i);
      expect(verified.exitCode).toBe(0);
      expect(leftOf(checkout.path)).toEqual([]);
    }),
  );

  it(
    'leads to what slots publish',
    on(async ({ ambient }) => {
      const listen = `use IO::Socket; my $s = IO::Socket::INET->new(LocalPort => 80, Listen => 9); while (my $c = $s->accept) { print $c "told over there\\n" }`;
      const healthcheck = { test: 'grep -q :0050 /proc/net/tcp', interval: '1s', retries: 30 };
      const web = { ...box, command: ['perl', '-e', listen.replaceAll('$', '$$$$')], ports: ['80'], healthcheck };
      const services = JSON.stringify({ services: { web } });
      const composeFiles = [here.write('compose.yaml', services)];
      const kept = await keepSlots({ ...here.request({ composeFiles, ambient: ambient() }), refill: false });
      expect(kept).toEqual({ ok: true, value: 'made' });
      const environment = await here.mustUp(services, { ambient: ambient() });
      expect(
        execFileSync('docker', ['inspect', '-f', '{{.HostConfig.NetworkMode}}', `${environment.project}-web`], {
          encoding: 'utf8',
        }),
      ).toMatch(/^container:/);
      const socket = connect(environment.publishedPort('web', 80) ?? 0, '127.0.0.1');
      expect(Buffer.concat(await socket.toArray()).toString('utf8')).toBe('told over there\n');
      expect(messageOf(await environment.down())).toBe('');
      expect(labelled(`dev.gym.checkout=${here.folder}`)).toEqual([]);
    }),
  );

  it(
    'leaves no ssh and nothing on the engine when gym is killed',
    on(async ({ ambient }) => {
      const before = sshProcesses();
      using checkout = tinyCheckout({ stages: [{ name: 'unit', command: 'sleep 300' }] });
      const running = startGym(checkout.path, ['verify', '--json=stream'], ambient());
      await running.saw(({ type }) => type === 'stage.started');
      const own = sshProcesses().filter((pid) => !before.includes(pid));
      expect(own).toHaveLength(2);
      running.child.kill('SIGKILL');
      await running.end;
      // Its watchdog has one of its own, for as long as it looks.
      await eventually(() => !sshProcesses().some((pid) => own.includes(pid)));
      await eventually(() => leftOf(checkout.path).length === 0);
    }),
  );

  it(
    'is found by a context of the docker CLI as well',
    on(async ({ ambient, folder }) => {
      const { DOCKER_HOST: host = '', ...env } = { ...ambient(), DOCKER_CONFIG: join(folder.path, 'docker') };
      execFileSync('docker', ['context', 'create', 'there', '--docker', `host=${host}`], { env, stdio: 'ignore' });
      execFileSync('docker', ['context', 'use', 'there'], { env, stdio: 'ignore' });
      const connected = await connectEngine(env);
      expect(connected.ok && connected.value.address).toBe('ssh://engine-host');
      expect(connected.ok && (await connected.value.answers())).toBe(true);
    }),
  );

  it(
    'refuses to mount what is on this machine',
    on(async ({ ambient }) => {
      const services = { services: { a: { ...box, volumes: ['./src:/src', '/etc/hostname:/there:ro'] } } };
      const brought = await here.up(JSON.stringify(services), { ambient: ambient() });
      expect(messageOf(brought)).toBe(
        `the folder or file ${here.folder}/src is on this machine, and the engine at ssh://engine-host on another one`,
      );
    }),
  );

  it(
    'says why there is no way to it',
    on(async ({ ambient, folder, port }) => {
      const problemOf = async (env: NodeJS.ProcessEnv): Promise<string> => {
        const connected = await connectEngine(env);
        return connected.ok ? 'connected' : connected.problems.map((each) => `${each.message}\n${each.remedy}`).join();
      };
      const other = (config: 'config' | 'stranger' | 'keyless', path: string): NodeJS.ProcessEnv => {
        return { ...ambient(config), DOCKER_HOST: `ssh://engine-host${path}` };
      };
      expect(await problemOf(other('stranger', '/var/run//docker.sock'))).toMatch(
        /Host key verification failed.*\n.*accept its key: ssh engine-host/,
      );
      expect(await problemOf(other('keyless', '/run/docker.sock'))).toMatch(/Permission denied.*\n.*ssh-add/);
      expect(await problemOf(other('config', '/none.sock'))).toMatch(
        /no Docker engine answers at ssh:\/\/engine-host\/none\.sock: .*open failed.*\n.*ssh:\/\/HOST\//s,
      );
      const closed = await problemOf({ ...ambient(), DOCKER_HOST: 'ssh://127.0.0.1:1' });
      expect(closed).toMatch(/Connection refused/);
      expect(await problemOf({ PATH: '/nowhere', DOCKER_HOST: `ssh://127.0.0.1:${port}` })).toMatch(
        /no program ssh|ENOENT/,
      );
      expect(readdirSync(folder.path)).toContain('known');
    }),
  );
});
