import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';

/** An IPv4 address of this host, on an interface that is up. */
export interface OwnAddress {
  /** Name of the interface. */
  readonly name: string;
  readonly address: string;
  /** The address with the length of its network's prefix. */
  readonly cidr: string;
  /** Tells an interface from another that was made later under the same name. */
  readonly mac: string;
  readonly loopback: boolean;
  /** Whether the interface says that it can multicast. */
  readonly multicast: boolean;
}

export type ReadOwnAddresses = () => readonly OwnAddress[];

/** IFF_MULTICAST of Linux' if.h. */
const MULTICAST_FLAG = 0x1000;

/** The addresses as they are now, in the order of the operating system. 50 µs, and 25 for each interface. */
export function readOwnAddresses(): readonly OwnAddress[] {
  const own: OwnAddress[] = [];
  for (const [label, infos = []] of Object.entries(networkInterfaces())) {
    // Linux lists an alias such as eth0:1 apart, though it is another address of the one device.
    const name = process.platform === 'linux' ? label.replace(/:.*$/, '') : label;
    for (const { family, address, cidr, mac, internal } of infos) {
      if (family !== 'IPv4') continue;
      const multicast = !internal && knowsMulticast(name);
      own.push({ name, address, cidr: cidr ?? `${address}/32`, mac, loopback: internal, multicast });
    }
  }
  return own;
}

/** Where flags can not be read, the interface is tried: a join that fails is told, one that is not tried is not. */
function knowsMulticast(name: string): boolean {
  if (process.platform !== 'linux') return true;
  try {
    return (Number(readFileSync(`/sys/class/net/${name}/flags`, 'latin1')) & MULTICAST_FLAG) !== 0;
  } catch {
    return true;
  }
}
