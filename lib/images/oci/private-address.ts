import { BlockList, isIP } from 'node:net';

const RANGES: readonly (readonly [address: string, prefix: number, family: 'ipv4' | 'ipv6'])[] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['224.0.0.0', 4, 'ipv4'],
  ['240.0.0.0', 4, 'ipv4'],
  // Addresses of IPv4 in their IPv6 forms (`::` and `::1` are among the first), which no registry's name needs.
  ['::', 96, 'ipv6'],
  ['::ffff:0:0', 96, 'ipv6'],
  ['64:ff9b::', 96, 'ipv6'],
  ['64:ff9b:1::', 48, 'ipv6'],
  ['2002::', 16, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['fec0::', 10, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
];

/** Where clouds answer with the credentials of the machine: never a registry's. */
const METADATA: typeof RANGES = [
  ['169.254.0.0', 16, 'ipv4'],
  ['fe80::', 10, 'ipv6'],
  ['fd00:ec2::254', 128, 'ipv6'],
];

const PRIVATE = listsOf(RANGES);
const LINK_LOCAL = listsOf(METADATA);

/** Whether an IP address is one that only the inside of a network reaches. What is no address at all counts as one. */
export function isPrivateAddress(address: string): boolean {
  return isIn(PRIVATE, address);
}

/** Whether an IP address is one that a machine's metadata are read from. */
export function isLinkLocalAddress(address: string): boolean {
  return isIn(LINK_LOCAL, address);
}

interface Lists {
  readonly ipv4: BlockList;
  readonly ipv6: BlockList;
}

function isIn(lists: Lists, address: string): boolean {
  const version = isIP(address);
  const family = version === 6 ? 'ipv6' : 'ipv4';
  return version === 0 || lists[family].check(address, family);
}

/** A list for each family: in one, every IPv4 address would match the range of the mapped ones. */
function listsOf(ranges: typeof RANGES): Lists {
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const [address, prefix, family] of ranges) lists[family].addSubnet(address, prefix, family);
  return lists;
}
