import type { OwnAddress } from './own-address.js';

/** Which of its addresses a node uses. */
export interface ChosenAddresses {
  /** Each gets a socket. Loopback comes last. */
  readonly unicast: readonly OwnAddress[];
  /** One for each interface on which the group is to be joined; all of them are among `unicast`. */
  readonly multicast: readonly OwnAddress[];
  /** What the option `interface` names and this host does not have. */
  readonly missing: readonly string[];
}

/**
 * With `wanted`, the interfaces of these names or addresses, whatever they say of multicast. Without, all for unicast
 * and those that know multicast for the group; loopback if there is no other. Loopback is always there for unicast, so
 * that processes of one host find each other at 127.0.0.1.
 */
export function chooseAddresses(own: readonly OwnAddress[], wanted: readonly string[] | undefined): ChosenAddresses {
  const home = own.find(({ loopback, address }) => loopback && address.startsWith('127.'));
  const outer = own.filter(({ loopback }) => !loopback);
  if (wanted === undefined) {
    const capable = outer.filter(({ multicast }) => multicast);
    return {
      unicast: distinct([...outer, home]),
      multicast: onePerInterface(capable.length > 0 ? capable : distinct([home])),
      missing: [],
    };
  }
  const isMeant = ({ name, address }: OwnAddress, one: string): boolean => name === one || address === one;
  const chosen = own.filter((address) => wanted.some((one) => isMeant(address, one)));
  return {
    unicast: distinct([...chosen.filter((address) => address !== home), home]),
    multicast: onePerInterface(chosen),
    missing: wanted.filter((one) => !own.some((address) => isMeant(address, one))),
  };
}

/** The chosen ones as they are told to others: the one that the rest of the world is reached from leads. */
export function putFirst(chosen: readonly OwnAddress[], source: string | undefined): readonly OwnAddress[] {
  const preferred = chosen.find(({ address, loopback }) => address === source && !loopback);
  return preferred === undefined ? chosen : distinct([preferred, ...chosen]);
}

function distinct(addresses: readonly (OwnAddress | undefined)[]): readonly OwnAddress[] {
  const byAddress = new Map<string, OwnAddress>();
  for (const one of addresses) if (one !== undefined && !byAddress.has(one.address)) byAddress.set(one.address, one);
  return [...byAddress.values()];
}

function onePerInterface(addresses: readonly OwnAddress[]): readonly OwnAddress[] {
  const byName = new Map<string, OwnAddress>();
  for (const one of distinct(addresses)) if (!byName.has(one.name)) byName.set(one.name, one);
  return [...byName.values()];
}
