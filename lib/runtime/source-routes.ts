import { type Endpoint, ipv4ToNumber, isLoopback, isUnspecified, parseEndpoint } from '../primitives/endpoint.js';
import type { UnicastSocket } from './unicast-sockets.js';

/** Peers and those who may become peers fit; beyond that, ways are found again. */
const ROUTES_KEPT = 8192;
const PROBES_AT_ONCE = 8;

export interface Route {
  readonly address: string;
  readonly port: number;
  readonly from: UnicastSocket;
}

/** The own address from which the operating system would send to that one. */
export type SourceAddress = (destination: string) => Promise<string | undefined>;

/**
 * From which socket to send to whom. A socket that is bound to an address sends from it whatever way the datagram goes,
 * and an answer finds back only to an address that the other side has a way to. So loopback is sent to from loopback, a
 * neighbour from the address in his network, and everyone else from the address that the operating system would take; it
 * is asked in the background, and the first address does until it has answered.
 */
export class SourceRoutes {
  readonly #sourceAddress: SourceAddress;
  readonly #routes = new Map<Endpoint, Route>();
  #sockets: readonly UnicastSocket[] = [];
  #homes = 0;
  #probes = 0;

  constructor(sourceAddress: SourceAddress) {
    this.#sourceAddress = sourceAddress;
  }

  /** The sockets are these now, and routes may have changed. */
  adopt(sockets: readonly UnicastSocket[]): void {
    this.#sockets = sockets;
    this.#homes = sockets.filter(({ endpoint }) => !isLoopback(endpoint)).length;
    this.forget();
  }

  /** The routes of the operating system may have changed: it is asked again. */
  forget(): void {
    this.#routes.clear();
  }

  find(endpoint: Endpoint): Route | undefined {
    return this.#routes.get(endpoint) ?? this.#choose(endpoint);
  }

  #choose(endpoint: Endpoint): Route | undefined {
    const parts = parseEndpoint(endpoint);
    // Linux would deliver 0.0.0.0 to this host itself.
    if (parts === undefined || isUnspecified(endpoint)) return undefined;
    const near = this.#near(endpoint, parts.address);
    const from = near ?? this.#sockets[0];
    if (from === undefined) return undefined;
    const route = { ...parts, from };
    if (near !== undefined || this.#homes < 2) this.#keep(endpoint, route);
    else if (this.#probes < PROBES_AT_ONCE) {
      this.#keep(endpoint, route);
      void this.#probe(endpoint, route);
    }
    return route;
  }

  #near(endpoint: Endpoint, address: string): UnicastSocket | undefined {
    if (isLoopback(endpoint)) return this.#sockets.find((socket) => isLoopback(socket.endpoint));
    const value = ipv4ToNumber(address);
    let best: UnicastSocket | undefined;
    let longest = -1;
    for (const socket of this.#sockets) {
      const bits = sharedPrefix(value, socket.own.cidr);
      if (bits <= longest) continue;
      best = socket;
      longest = bits;
    }
    return best;
  }

  async #probe(endpoint: Endpoint, route: Route): Promise<void> {
    this.#probes++;
    const source = await this.#sourceAddress(route.address);
    this.#probes--;
    const from = this.#sockets.find(({ own }) => own.address === source);
    const superseded = this.#routes.get(endpoint) !== route;
    if (from !== undefined && !superseded) this.#keep(endpoint, { ...route, from });
  }

  #keep(endpoint: Endpoint, route: Route): void {
    if (this.#routes.size >= ROUTES_KEPT) this.#routes.clear();
    this.#routes.set(endpoint, route);
  }
}

/** The length of the network's prefix if the address is in it, else -1. */
function sharedPrefix(address: number, cidr: string): number {
  const [network = '', length = '32'] = cidr.split('/');
  const size = 2 ** (32 - Number(length));
  return Math.floor(address / size) === Math.floor(ipv4ToNumber(network) / size) ? Number(length) : -1;
}
