import { createServer, type Server, type Socket } from 'node:net';
import { type Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { failed, ok, type Result } from '../events/problem.ts';
import { demultiplex, type OutputPiece } from './demux.ts';
import type { Engine } from './engine.ts';
import type { Forward } from './environment.ts';

/** A service, and the helper that is in its network namespace. */
export interface ForwardTarget {
  readonly engine: Engine;
  readonly service: string;
  readonly id: string;
  /** The container that is in the service's networks. */
  readonly holder: string;
  readonly helper: string;
}

const restartLimitMs = 15_000;

/**
 * Connects standard input and output to a port in its own network namespace: `+` once that is done, then what comes. Each direction
 * has a process of its own, so that neither waits for the other. When the input ends, so does the connection, two seconds later at
 * the latest. perl-base alone.
 */
const relay = String.raw`
use strict; use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6);
my ($port, @addresses) = @ARGV;
my ($socket, $why);
$SIG{ALRM} = sub { die "no answer\n" };
alarm 10;
for my $address (@addresses) {
  my $six = $address =~ /:/;
  socket(my $try, $six ? AF_INET6 : AF_INET, SOCK_STREAM, 0) or do { $why ||= "$!"; next };
  my $to = $six ? pack_sockaddr_in6($port, inet_pton(AF_INET6, $address)) : pack_sockaddr_in($port, inet_aton($address));
  if (connect($try, $to)) { $socket = $try; last }
  $why ||= "$!";
}
alarm 0;
die "$why\n" unless $socket;
setsockopt($socket, 6, 1, 1); # TCP_NODELAY
sub copy {
  my ($from, $to) = @_;
  while (my $size = sysread($from, my $bytes, 65536)) {
    for (my $at = 0; $at < $size;) { my $done = syswrite($to, $bytes, $size - $at, $at) or return; $at += $done }
  }
}
my $parent = $$;
my $writer = fork; defined $writer or die "fork: $!\n";
if ($writer == 0) { copy(\*STDIN, $socket); shutdown($socket, 1); sleep 2; kill 'KILL', $parent; exit }
syswrite(STDOUT, '+');
copy($socket, \*STDOUT);
kill 'KILL', $writer;
`;

interface Tunnel {
  readonly stream: Duplex;
  readonly output: AsyncGenerator<Uint8Array>;
}

/**
 * Opens a way to a port of a service, whether that is published or not. It leads through the service's own network namespace, over
 * its loopback where it listens there: no interface counts what goes through. A port that nobody answers at is a problem of kind
 * `evidence`.
 */
export async function forwardPort(target: ForwardTarget, port: number): Promise<Result<Forward>> {
  const addresses = await prepare(target);
  if (!addresses.ok) return addresses;
  const open = (): Promise<Result<Tunnel>> => openTunnel(target, port, addresses.value);
  const first = await open();
  if (!first.ok) return first;
  let waiting: Tunnel | undefined = first.value;
  const streams = new Set<{ destroy(): void }>([first.value.stream]);
  const server = createServer((socket) => {
    streams.add(socket);
    // Whoever is connected to nothing learns it by the end of the connection.
    socket.on('error', () => undefined);
    const taken = waiting;
    waiting = undefined;
    const connected = taken === undefined ? open() : Promise.resolve(ok(taken));
    connected.then(
      (tunnel) => {
        if (tunnel.ok) {
          streams.add(tunnel.value.stream);
          join(socket, tunnel.value);
        } else socket.destroy();
      },
      () => socket.destroy(),
    );
  });
  const listening = await listen(server);
  if (!listening.ok) {
    first.value.stream.destroy();
    return listening;
  }
  return ok({
    port: listening.value,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const stream of streams) stream.destroy();
      await closed;
    },
  });
}

function listen(server: Server): Promise<Result<number>> {
  return new Promise((resolve) => {
    const fail = (why: string): void =>
      resolve(failed({ kind: 'evidence', message: `no port of 127.0.0.1 could be had: ${why}` }));
    server.once('error', ({ message }) => fail(message));
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address !== null && typeof address === 'object') resolve(ok(address.port));
      else fail('it has no number');
    });
  });
}

/** Hands on both ways, at the pace of whoever is slower; the end of either is the end of both. */
function join(socket: Socket, { stream, output }: Tunnel): void {
  const end = (): void => {
    socket.destroy();
    stream.destroy();
  };
  pipeline(socket, stream, { end: false })
    .catch(() => undefined)
    .finally(end);
  // What the service said last has to arrive before the connection is closed.
  pipeline(Readable.from(output), socket)
    .catch(() => undefined)
    .finally(end);
}

async function openTunnel(target: ForwardTarget, port: number, addresses: readonly string[]): Promise<Result<Tunnel>> {
  const { engine, helper, service } = target;
  const started = await engine.call(`connecting to ${service}:${port}`, async () => {
    const exec = await engine.docker.getContainer(helper).exec({
      Cmd: ['perl', '-e', relay, String(port), ...addresses],
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
    });
    return exec.start({ hijack: true, stdin: true, Tty: false });
  });
  if (!started.ok) return started;
  const stream = started.value;
  stream.on('error', () => undefined);
  const pieces = demultiplex(stream);
  const greeting = await greetingOf(pieces);
  if (greeting.connected) return ok({ stream, output: rest(greeting.first, pieces) });
  stream.destroy();
  return failed({
    kind: 'evidence',
    message: `nothing answers at port ${port} of ${service}: ${greeting.because || 'the connection was lost'}`,
    place: { service },
    remedy: 'Name the port that it listens at inside its container.',
  });
}

type Greeting = { connected: true; first: Uint8Array } | { connected: false; because: string };

async function greetingOf(pieces: AsyncGenerator<OutputPiece>): Promise<Greeting> {
  let because = '';
  for (;;) {
    const next = await pieces.next();
    if (next.done === true) return { connected: false, because: because.trim() };
    if (next.value.stream === 'stdout') return { connected: true, first: next.value.bytes.subarray(1) };
    because += Buffer.from(next.value.bytes).toString('utf8');
  }
}

async function* rest(first: Uint8Array, pieces: AsyncGenerator<OutputPiece>): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first;
  for await (const { stream, bytes } of pieces) if (stream === 'stdout') yield bytes;
}

/** Where it may listen: the loopback, and its own addresses. A helper that is older than the present life of the network joins it anew. */
async function prepare({ engine, service, id, holder, helper }: ForwardTarget): Promise<Result<string[]>> {
  const [own, other, place] = await Promise.all(
    [id, helper, holder].map((each) =>
      engine.call(`looking at ${service}`, () => engine.docker.getContainer(each).inspect()),
    ),
  );
  if (own === undefined || other === undefined || place === undefined) throw new Error('each question has an answer');
  if (!own.ok) return own;
  if (!other.ok) return other;
  if (!place.ok) return place;
  if (!own.value.State.Running)
    return failed({ kind: 'evidence', message: `${service} does not run`, place: { service } });
  if (Date.parse(place.value.State.StartedAt) > Date.parse(other.value.State.StartedAt)) {
    const joined = await engine.call(
      `joining the network of ${service} again`,
      () => engine.docker.getContainer(helper).restart({ t: 0 }),
      restartLimitMs,
    );
    if (!joined.ok) return joined;
  }
  const networks = Object.values(place.value.NetworkSettings.Networks);
  const addresses = networks.flatMap(({ IPAddress, GlobalIPv6Address }) => [IPAddress, GlobalIPv6Address]);
  return ok(['127.0.0.1', '::1', ...addresses.filter((each) => each !== undefined && each !== '')]);
}
