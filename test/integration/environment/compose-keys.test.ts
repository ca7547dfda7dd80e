import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bench, docker, messageOf, run } from './support.ts';

const on = bench();
const image = 'debian:bookworm-slim';
const base = `image: ${image}, init: true, stop_grace_period: 1s, command: [sleep, infinity]`;

describe('keys of a Compose file on the engine', () => {
  it('mounts secrets and configs with their names, modes and texts, in a read-only container too', async () => {
    on.write('pw.txt', 'from file');
    const environment = await on.mustUp(
      `
services:
  a:
    image: ${image}
    command: [sleep, infinity]
    init: true
    read_only: true
    secrets: [file, {source: variable, target: token, mode: 0400}]
    configs: [{source: content, target: /etc/app.conf, mode: 0440}, content]
secrets: {file: {file: pw.txt}, variable: {environment: TOKEN}}
configs: {content: {content: "hello \${WHO}"}}
`,
      { variables: { TOKEN: 'secret token', WHO: 'you' } },
    );
    const files = '/run/secrets/file /run/secrets/token /etc/app.conf /content';
    const { out } = await run(environment, 'a', ['sh', '-c', `stat -c '%a %n' ${files}; cat ${files}; touch /x`]);
    expect(out.split('\n')).toEqual([
      // As the file is on the host.
      expect.stringMatching(/^6[04][04] \/run\/secrets\/file$/),
      '400 /run/secrets/token',
      '440 /etc/app.conf',
      '444 /content',
      'from filesecret tokenhello youhello you',
    ]);
  });

  it('takes what is mounted below a bind along, or leaves it out', async () => {
    const bind = (service: string, more: string): string =>
      `  ${service}: {${base}, volumes: [{type: bind, source: /dev, target: /host, read_only: true, bind: {${more}}}]}`;
    const services = [
      bind('whole', 'recursive: enabled'),
      bind('top', 'recursive: disabled'),
      bind('short', 'create_host_path: true, recursive: disabled'),
      bind('writable', 'recursive: writable'),
    ];
    const environment = await on.mustUp(`services:\n${services.join('\n')}`);
    // Where pseudo-terminals are there is a file system of their own, mounted below /dev.
    const script = 'test -c /host/null && ls /host/pts | grep ptmx; touch /host/x 2>/dev/null || echo read-only';
    const seen = async (service: string): Promise<string> =>
      (await run(environment, service, ['sh', '-c', script])).out;
    expect([await seen('whole'), await seen('top'), await seen('short'), await seen('writable')]).toEqual([
      'ptmx\nread-only\n',
      'read-only\n',
      'read-only\n',
      'ptmx\nread-only\n',
    ]);
  });

  it('refuses to leave writable what has to be read-only, where the engine cannot make it so', async () => {
    const wanted = '{type: bind, source: /dev, target: /host, read_only: true, bind: {recursive: readonly}}';
    const brought = await on.up(`services:\n  a: {${base}, volumes: [${wanted}]}`);
    const [major = 0, minor = 0] = docker('version', '--format', '{{.Server.APIVersion}}').split('.').map(Number);
    if (major > 1 || minor >= 44) expect(brought.ok).toBe(true);
    else {
      expect(brought).toMatchObject({
        ok: false,
        problems: [{ kind: 'environment', place: { line: 2, service: 'a' } }],
      });
      expect(messageOf(brought)).toMatch(/"recursive: readonly" needs Docker Engine 25, and this one is \d/);
    }
  });

  it('joins namespaces and volumes of other services', async () => {
    const environment = await on.mustUp(`
services:
  app: {${base}, network_mode: "service:main", pid: "service:main", volumes_from: [main]}
  main: {${base}, hostname: main-host, volumes: ["shared:/shared"], environment: {MARK: here}}
volumes: {shared: {}}
`);
    await run(environment, 'main', ['sh', '-c', 'echo written > /shared/file']);
    const { out } = await run(environment, 'app', [
      'sh',
      '-c',
      'cat /shared/file; cat /proc/net/dev | wc -l; cat /proc/1/environ | tr "\\0" "\\n" | grep MARK',
    ]);
    const main = await run(environment, 'main', ['sh', '-c', 'cat /proc/net/dev | wc -l']);
    expect(out.split('\n')).toEqual(['written', main.out.trim(), 'MARK=here', '']);
  });

  it('gives static addresses of its own subnet, links, hosts and name servers', async () => {
    const environment = await on.mustUp(`
services:
  a:
    image: ${image}
    command: [sleep, infinity]
    stop_grace_period: 1s
    networks: {net: {ipv4_address: 10.213.77.10, mac_address: "02:42:0a:d5:4d:0a"}}
    dns_search: [example.test]
    extra_hosts: ["there:10.9.9.9"]
    links: ["b:database"]
  b: {${base}, networks: [net]}
networks: {net: {ipam: {config: [{subnet: 10.213.77.0/28, gateway: 10.213.77.1}]}}}
`);
    const script =
      'hostname -I; cat /sys/class/net/eth0/address; getent hosts there; getent hosts database >/dev/null && echo linked; grep search /etc/resolv.conf';
    const { out } = await run(environment, 'a', ['sh', '-c', script]);
    expect(out.split('\n').map((line) => line.trim().replace(/\s+/g, ' '))).toEqual([
      '10.213.77.10',
      '02:42:0a:d5:4d:0a',
      '10.9.9.9 there',
      'linked',
      'search example.test',
      '',
    ]);
    const second = await on.up(`
services: {a: {${base}, networks: [net]}}
networks: {net: {ipam: {config: [{subnet: 10.213.77.0/28}]}}}
`);
    expect(messageOf(second)).toBe('network net: its subnet 10.213.77.0/28 is taken by another network');
  });

  it('sets limits, rights, devices and a terminal', async () => {
    const environment = await on.mustUp(`
services:
  a:
    image: ${image}
    command: [sleep, infinity]
    stop_grace_period: 1s
    deploy: {resources: {limits: {cpus: "0.5", memory: 64m, pids: 50}}}
    cap_drop: [ALL]
    cap_add: [NET_RAW]
    group_add: ["4242"]
    security_opt: ["no-new-privileges:true"]
    devices: ["/dev/null:/dev/other"]
    shm_size: 16m
    tmpfs: ["/scratch:size=1m"]
    volumes: [{type: tmpfs, target: /typed, tmpfs: {size: 2m, mode: 0700}}]
    ulimits: {nofile: {soft: 100, hard: 200}}
    oom_score_adj: 7
    stdin_open: true
    annotations: {a: b}
    logging: {driver: json-file, options: {max-size: 1m}}
  tty: {image: ${image}, tty: true, command: [sh, -c, "test -t 1 && echo a terminal; sleep infinity"], init: true, stop_grace_period: 1s}
`);
    const script =
      'id -G; ls /dev/other; stat -f -c %T /scratch; stat -c %a /typed; ulimit -n; cat /proc/self/oom_score_adj; df -k /dev/shm | tail -1 | tr -s " " | cut -d" " -f2; grep -i nonewprivs /proc/self/status';
    const { out } = await run(environment, 'a', ['sh', '-c', script]);
    expect(out.replaceAll('\t', ' ').split('\n')).toEqual([
      '0 4242',
      '/dev/other',
      'tmpfs',
      '700',
      '100',
      '7',
      '16384',
      'NoNewPrivs: 1',
      '',
    ]);
    const inspected = JSON.parse(docker('inspect', `${environment.project}-a`))[0];
    expect(inspected.HostConfig).toMatchObject({ NanoCpus: 5e8, Memory: 67_108_864, PidsLimit: 50, CapDrop: ['ALL'] });
    expect(inspected.HostConfig.LogConfig).toEqual({ Type: 'json-file', Config: { 'max-size': '1m' } });
    expect(inspected.Config).toMatchObject({ OpenStdin: true });
    await environment.flushLogs();
    expect(readFileSync(environment.logFile('tty'), 'utf8')).toBe('a terminal\r\n');
  });

  const bySecret = `
    command: [sleep, infinity]
    init: true
    build:
      context: .
      secrets: [pw]
      dockerfile_inline: |
        FROM ${image}
        RUN --mount=type=secret,id=pw wc -c < /run/secrets/pw > /made
secrets: {pw: {file: pw.txt}}
`;
  const hasBuildx = spawnSync('docker', ['buildx', 'version']).status === 0;
  const removeBuilt = ({ project }: { readonly project: string }, name: string): void => {
    docker('rm', '-f', `${project}-${name}`);
    docker('rmi', ...docker('images', '--format', '{{.Repository}}:{{.Tag}}', `gym-gymtest-${name}`).split('\n'));
  };

  it('builds from a Dockerfile in the Compose file, with labels', async () => {
    const environment = await on.mustUp(`
services:
  inline:
    command: [sleep, infinity]
    init: true
    build: {context: ., dockerfile_inline: "FROM ${image}\\nARG A\\nRUN echo made $$A > /made", args: {A: here}, labels: {own: label}}
`);
    expect((await run(environment, 'inline', ['cat', '/made'])).out).toBe('made here\n');
    const labels = JSON.parse(docker('inspect', `${environment.project}-inline`))[0].Config.Labels;
    expect(labels).toMatchObject({ own: 'label' });
    removeBuilt(environment, 'inline');
  });

  it.skipIf(!hasBuildx)('builds by buildx where there are secrets', async () => {
    on.write('pw.txt', 'the secret');
    const environment = await on.mustUp(`services:\n  secret:${bySecret}`);
    const { out } = await run(environment, 'secret', ['sh', '-c', 'cat /made; ls /run/secrets 2>&1']);
    expect(out).toMatch(/^10\n/);
    removeBuilt(environment, 'secret');
  });

  it.skipIf(hasBuildx)('says that buildx is needed where there are secrets', async () => {
    on.write('pw.txt', 'the secret');
    await expect(on.mustUp(`services:\n  secret:${bySecret}`)).rejects.toThrow('install the docker-buildx plugin');
  });

  it('mounts folders that are missing, volumes without a copy, and refuses a bind that must be there', async () => {
    const environment = await on.mustUp(`
services:
  a:
    image: ${image}
    command: [sleep, infinity]
    init: true
    volumes: ["./made:/made:ro", "plain:/etc/apt", "bare:/etc/dpkg:nocopy", /anonymous, {type: bind, source: ., target: /here, read_only: true, bind: {propagation: rprivate}}]
volumes: {plain: {}, bare: {}}
`);
    const { out } = await run(environment, 'a', [
      'sh',
      '-c',
      'ls -d /made /anonymous; ls /etc/apt | wc -l; ls /etc/dpkg | wc -l; ls /here/compose.yaml; touch /here/x /made/x 2>&1 | wc -l',
    ]);
    const [made, anonymous, copied, bare, here, refused] = out.split('\n');
    expect([made, anonymous, bare, here, refused]).toEqual(['/anonymous', '/made', '0', '/here/compose.yaml', '2']);
    expect(Number(copied)).toBeGreaterThan(0);
    const missing = await on.up(
      'services: {a: {image: "debian:bookworm-slim", volumes: [{type: bind, source: ./none, target: /x}]}}',
    );
    expect(messageOf(missing)).toMatch(/bind source path does not exist/);
  });

  it('says what the policy is where an image may not be pulled', async () => {
    const brought = await on.up('services: {a: {image: gymtest/none, pull_policy: never}}');
    expect(messageOf(brought)).toBe('the image gymtest/none is not on this machine, and its pull_policy is "never"');
  });

  it('brings a devcontainer.json and a Dockerfile up', async () => {
    chmodSync(on.folder, 0o755);
    on.write('Dockerfile', `FROM ${image}\nRUN useradd -m dev`);
    const devcontainer = on.write(
      'devcontainer.json',
      `{ // with comments
        "build": {"dockerfile": "Dockerfile"}, "remoteUser": "dev", "remoteEnv": {"R": "remote"}, "containerEnv": {"C": "container"},
        "postCreateCommand": "echo $R $(id -un) > /tmp/made", "forwardPorts": [8080],
      }`,
    );
    const environment = await on.mustUp('services: {}', { composeFiles: [devcontainer] });
    const { out } = await run(environment, 'app', ['sh', '-c', 'cat /tmp/made; id -un; echo $C; ls Dockerfile']);
    expect(out).toBe('remote dev\ndev\ncontainer\nDockerfile\n');
    expect(environment.publishedPorts()).toMatchObject([{ service: 'app', containerPort: 8080, protocol: 'tcp' }]);

    const broken = on.write('.devcontainer.json', `{"image": "${image}", "postCreateCommand": "echo said; exit 3"}`);
    const failed = await on.up('services: {}', { composeFiles: [broken] });
    expect(messageOf(failed)).toBe('postCreateCommand of service app ended with exit code 3\n  said');

    const plain = await on.mustUp('services: {}', { composeFiles: [on.write('Dockerfile.plain', `FROM ${image}`)] });
    expect((await run(plain, 'app', ['echo', 'here'])).out).toBe('here\n');
    await environment.down();
    await plain.down();
    docker('rmi', ...docker('images', '--format', '{{.Repository}}:{{.Tag}}', 'gym-gymtest-app').split('\n'));
  });
});
