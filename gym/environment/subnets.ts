/** A block of IPv4 addresses: its first address as a number, and the length of its prefix. */
export interface Subnet {
  readonly base: number;
  readonly prefix: number;
}

/**
 * Where gym takes its subnets from, the first choice first: private space that home routers, VPNs and Docker's own pools
 * seldom use, and two more for where a route of the host covers all of 10.0.0.0/8.
 */
export const pools: readonly Subnet[] = [
  { base: (10 << 24) + (200 << 16), prefix: 14 },
  { base: 172 * 2 ** 24 + (28 << 16), prefix: 14 },
  { base: 192 * 2 ** 24 + (168 << 16) + (128 << 8), prefix: 17 },
];
/** The smallest block that is taken: 29 services beside network, broadcast and gateway. */
const smallestBlock = 27;
/** The largest: as many as the widest pool has. */
const largestBlock = 14;
/** Wider routes are parts of a default route, as VPNs set them (0.0.0.0/1 and 128.0.0.0/1): they lead wherever no other does. */
const widestRoute = 4;

/** The prefix of the smallest block that holds so many endpoints. */
export function prefixFor(endpoints: number): number {
  let prefix = smallestBlock;
  while (2 ** (32 - prefix) - 3 < endpoints && prefix > largestBlock) prefix -= 1;
  return prefix;
}

/**
 * Free blocks, pool by pool; in each beginning at a place that `start` (0 up to 1) chooses, so that gyms beside each other
 * seldom want the same one.
 */
export function* freeSubnets(
  taken: readonly Subnet[],
  prefix: number,
  start: number,
  from: readonly Subnet[] = pools,
): Generator<Subnet> {
  const size = 2 ** (32 - prefix);
  for (const pool of from) {
    const count = Math.floor(2 ** (prefix - pool.prefix));
    const first = Math.floor(start * count);
    for (let index = 0; index < count; index += 1) {
      const subnet = { base: pool.base + ((first + index) % count) * size, prefix };
      if (!taken.some((other) => overlaps(subnet, other))) yield subnet;
    }
  }
}

/** Whether two blocks share an address. */
export function overlaps(a: Subnet, b: Subnet): boolean {
  return a.base < b.base + 2 ** (32 - b.prefix) && b.base < a.base + 2 ** (32 - a.prefix);
}

/** `10.200.0.32/27`. */
export function subnetText({ base, prefix }: Subnet): string {
  return `${[24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join('.')}/${prefix}`;
}

/** `undefined`: no IPv4 block. */
export function parseSubnet(text: string): Subnet | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(text);
  if (match === null) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, prefix = 0] = match.slice(1).map(Number);
  const size = 2 ** (32 - prefix);
  return { base: Math.floor((((a * 256 + b) * 256 + c) * 256 + d) / size) * size, prefix };
}

/** Blocks that the host has routes to, from the text of /proc/net/route (little-endian hexadecimal). Default routes are none. */
export function parseRoutes(text: string): readonly Subnet[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const fields = line.trim().split(/\s+/);
      const [destination, mask] = [fields[1], fields[7]].map((hex) => Number.parseInt(reverseBytes(hex ?? ''), 16));
      if (destination === undefined || mask === undefined || !(mask > 0)) return [];
      const prefix = mask.toString(2).replace(/0+$/, '').length;
      return prefix < widestRoute ? [] : [{ base: destination, prefix }];
    });
}

function reverseBytes(hex: string): string {
  return (hex.match(/../g) ?? []).reverse().join('');
}
