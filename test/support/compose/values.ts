import fc from 'fast-check';

/** Names of services. */
export const names = ['alpha', 'beta', 'gamma', 'delta'] as const;
const networks = ['front', 'back', 'side'] as const;
const volumes = ['data', 'cache', 'logs'] as const;

/** Texts in which something may go wrong: variables, numbers and truths in disguise, quotes, comments. */
const word = fc.constantFrom(
  'x',
  'two words',
  '${TAG}',
  '$TAG.x',
  '${NOPE:-d}',
  '${EMPTY-e}',
  '${EMPTY:-f}',
  '${NOPE:-${TAG}}',
  '${TAG:+set}',
  '${ONLY:-no}',
  '$$HOME',
  'a$${b}',
  'é✓',
  '1.10',
  '0777',
  '0x1f',
  '1_000',
  'true',
  'yes',
  'null',
  '',
  '#h',
  'a #b',
  'a: b',
  "it's",
  '"q"',
  'a=b=c',
  'line\nline',
  '\ttab',
  '- x',
  '*x',
  '~',
);
const simple = fc.constantFrom('x', 'y1', 'z-2', 'v.3', '${TAG}', 'long-name_4');
const scalar = fc.oneof(
  word,
  fc.integer({ min: -5, max: 99_999 }),
  fc.boolean(),
  fc.constant(null),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
);
const key = fc.constantFrom('A', 'B', 'C', 'LONG_NAME', 'TAG', 'NOPE', 'a.b/c');
const list = <Value>(of: fc.Arbitrary<Value>): fc.Arbitrary<Value[]> => fc.uniqueArray(of, { maxLength: 3 });
const pairs = fc.oneof(
  fc.dictionary(key, scalar, { maxKeys: 4 }),
  fc.uniqueArray(
    fc.oneof(
      key,
      fc.tuple(key, word).map(([name, value]) => `${name}=${value}`),
    ),
    { maxLength: 4, selector: (text) => text.split('=')[0] },
  ),
);
const oneOrMore = (of: fc.Arbitrary<string>): fc.Arbitrary<string | string[]> => fc.oneof(of, list(of));
const command = fc.oneof(
  fc.array(fc.constantFrom('sh', '-c', 'echo $$A', 'a b', '${TAG}', "it's", ''), { maxLength: 3 }),
  fc.constantFrom('sh -c "a b"', "x 'y z' w", 'a\\ b c', 'run ${TAG} --x=1', 'echo $$HOME', ''),
);
const duration = fc.constantFrom('1s', '500ms', '1m30s', '2h', '1.5s', '0s', '90s', '1h0m1s');
const size = fc.oneof(
  fc.constantFrom('64m', '1gb', '1.5k', '512', '2GiB', '100b'),
  fc.integer({ min: 1, max: 1 << 30 }),
);
const cpus = fc.oneof(fc.constantFrom('0.5', '2', 1.5, 3), fc.constant('0.25'));
const address = fc.constantFrom('1.2.3.4', '8.8.8.8', '9.9.9.9');

const port = fc.oneof(
  fc.integer({ min: 1, max: 65_535 }),
  fc.constantFrom(
    '80',
    '8080:80',
    '127.0.0.1:81:81',
    '127.0.0.1::82',
    '53/udp',
    '90-92',
    '100-102:90-92',
    '7000-7004:99',
    '[::1]:5:83',
    '${PORT}:84',
  ),
  fc.record(
    {
      target: fc.integer({ min: 1, max: 65_535 }),
      published: fc.oneof(fc.constantFrom('9000', '9000-9010', '${PORT}'), fc.integer({ min: 1, max: 65_535 })),
      protocol: fc.constantFrom('tcp', 'udp'),
      host_ip: fc.constantFrom('127.0.0.1', '0.0.0.0'),
      mode: fc.constantFrom('host', 'ingress'),
    },
    { requiredKeys: ['target'] },
  ),
);
const target = fc.constantFrom('/a', '/b', '/c/d', '/e/', '/f/../g');
const mount = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(...volumes, './x', '../y', '/abs', '~/h', '.'),
      target,
      fc.constantFrom('', ':ro', ':rw', ':z', ':ro,Z', ':nocopy', ':rshared'),
    )
    .map(([source, at, mode]) => `${source}:${at}${mode}`),
  target,
  fc.record(
    {
      type: fc.constant('volume'),
      source: fc.constantFrom(...volumes),
      target,
      read_only: fc.boolean(),
      volume: fc.record({ nocopy: fc.boolean() }, { requiredKeys: [] }),
    },
    { requiredKeys: ['type', 'source', 'target'] },
  ),
  fc.record(
    {
      type: fc.constant('bind'),
      source: fc.constantFrom('./x', '/abs', '..'),
      target,
      read_only: fc.boolean(),
      bind: fc.record(
        { propagation: fc.constantFrom('rslave', 'shared'), create_host_path: fc.boolean() },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: ['type', 'source', 'target'] },
  ),
  fc.record(
    { type: fc.constant('tmpfs'), target, tmpfs: fc.record({ size, mode: fc.constantFrom(0o755, 0o1777) }) },
    { requiredKeys: ['type', 'target'] },
  ),
);
const health = fc.record(
  {
    test: fc.oneof(
      fc.constantFrom<unknown>('a || b', ['CMD', 'a', 'b c'], ['CMD-SHELL', 'a b'], ['NONE'], 'curl ${TAG}'),
    ),
    interval: duration,
    timeout: duration,
    retries: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constant('4')),
    start_period: duration,
    start_interval: duration,
    disable: fc.boolean(),
  },
  { requiredKeys: [] },
);
const dependencies = fc.oneof(
  fc.subarray([...names]),
  fc.dictionary(
    fc.constantFrom(...names),
    fc.record(
      {
        condition: fc.constantFrom('service_started', 'service_healthy', 'service_completed_successfully'),
        required: fc.boolean(),
        restart: fc.boolean(),
      },
      { requiredKeys: ['condition'] },
    ),
  ),
);
const attachments = fc.oneof(
  fc.subarray([...networks]),
  fc.dictionary(
    fc.constantFrom(...networks),
    fc.oneof(
      fc.constant(null),
      fc.record(
        {
          aliases: list(simple),
          ipv4_address: fc.constantFrom('10.9.0.5', '10.9.0.6'),
          priority: fc.integer({ min: 0, max: 5 }),
        },
        { requiredKeys: [] },
      ),
    ),
  ),
);

/** Every key of a service that can be told of without an engine, each now and then. */
export const service = fc.record(
  {
    image: fc.constantFrom('i', 'repo/i:${TAG}', 'i@sha256:abc', '${NOPE:-other}'),
    command,
    entrypoint: command,
    environment: pairs,
    env_file: fc.constantFrom<unknown>(
      'one.env',
      ['one.env', 'two.env'],
      [
        { path: 'none.env', required: false },
        { path: 'two.env', format: 'raw' },
      ],
    ),
    labels: pairs,
    annotations: pairs,
    ports: list(port),
    expose: list(fc.constantFrom<unknown>('80', 81, '90-91', '7/udp')),
    volumes: list(mount),
    tmpfs: oneOrMore(fc.constantFrom('/run', '/tmp:size=1m')),
    networks: attachments,
    depends_on: dependencies,
    healthcheck: health,
    deploy: fc.record(
      {
        resources: fc.record(
          {
            limits: fc.record(
              { cpus, memory: fc.constantFrom('50M', '1g'), pids: fc.integer({ min: 1, max: 99 }) },
              { requiredKeys: [] },
            ),
          },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: [] },
    ),
    dns: oneOrMore(address),
    dns_search: oneOrMore(simple),
    dns_opt: list(fc.constantFrom('use-vc', 'ndots:2')),
    extra_hosts: fc.oneof(
      list(fc.constantFrom('a:1.2.3.4', 'b=::1', 'c=[::2]', 'a:5.6.7.8')),
      fc.dictionary(fc.constantFrom('a', 'b'), address),
    ),
    cap_add: list(fc.constantFrom('ALL', 'NET_ADMIN', 'SYS_PTRACE')),
    cap_drop: list(fc.constantFrom('CHOWN', 'KILL')),
    security_opt: list(fc.constantFrom('label:disable', 'no-new-privileges:true')),
    sysctls: fc.oneof(
      fc.dictionary(fc.constantFrom('net.a', 'net.b'), fc.integer({ min: 0, max: 9 })),
      list(fc.constantFrom('net.a=1', 'net.c=2')),
    ),
    ulimits: fc.dictionary(
      fc.constantFrom('nofile', 'nproc'),
      fc.oneof(
        fc.integer({ min: 1, max: 99 }),
        fc.record({ soft: fc.integer({ min: 1, max: 9 }), hard: fc.integer({ min: 10, max: 99 }) }),
      ),
    ),
    logging: fc.record(
      {
        driver: fc.constantFrom('json-file', 'local'),
        options: fc.dictionary(
          fc.constantFrom('max-size', 'max-file'),
          fc.oneof(fc.constantFrom('1m', '3'), fc.integer({ min: 1, max: 9 })),
        ),
      },
      { requiredKeys: [] },
    ),
    devices: list(fc.constantFrom('/dev/null', '/dev/zero:/dev/x', '/dev/full:/dev/x:r')),
    group_add: list(fc.constantFrom<unknown>('mail', 5, '6')),
    secrets: list(fc.constantFrom<unknown>('pw', { source: 'pw', target: 'other', mode: 0o400 }, 'token')),
    configs: list(fc.constantFrom<unknown>('conf', { source: 'conf', target: '/etc/x', uid: '5' })),
    user: fc.constantFrom('root', '1000:1000', '${NOPE:-nobody}'),
    working_dir: target,
    hostname: simple,
    container_name: fc.constantFrom('cn1', 'cn_2', 'cn-3', 'cn.4', 'cn5', 'cn6', 'cn7'),
    init: fc.oneof(fc.boolean(), fc.constantFrom('true', '${NOPE:-false}')),
    privileged: fc.boolean(),
    read_only: fc.boolean(),
    stdin_open: fc.boolean(),
    tty: fc.boolean(),
    stop_signal: fc.constantFrom('SIGINT', 'SIGKILL'),
    stop_grace_period: duration,
    shm_size: size,
    mem_limit: fc.constantFrom('50M', '1g'),
    pids_limit: fc.integer({ min: 1, max: 99 }),
    oom_score_adj: fc.integer({ min: -100, max: 100 }),
    restart: fc.constantFrom('no', 'always', 'on-failure:3'),
    pull_policy: fc.constantFrom('always', 'never', 'missing', 'if_not_present'),
    platform: fc.constant('linux/amd64'),
    profiles: list(fc.constantFrom('dev', 'off')),
    pid: fc.constantFrom('host', 'service:alpha'),
    ipc: fc.constantFrom('host', 'shareable'),
    links: list(fc.constantFrom('alpha', 'alpha:a')),
    'x-own': scalar,
  },
  { requiredKeys: [] },
);
