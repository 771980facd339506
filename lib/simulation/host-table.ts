import { type Endpoint, formatEndpoint } from '../primitives/endpoint.js';
import { SimulatedHost } from './simulated-host.js';
import type { SimulatedNode } from './simulated-node.js';

const PORT = 7946;
const HOSTS_PER_NET = 250;

/** Who lives where. */
export class HostTable {
  readonly #hosts = new Set<SimulatedHost>();
  readonly #byAddress = new Map<Endpoint, SimulatedHost>();
  #made = 0;

  /** All that run, in the order in which they were started. */
  all(): ReadonlySet<SimulatedHost> {
    return this.#hosts;
  }

  at(endpoint: Endpoint): SimulatedHost | undefined {
    return this.#byAddress.get(endpoint);
  }

  /** @throws TypeError when the node does not run here: its test would test nothing */
  require(node: SimulatedNode): SimulatedHost {
    if (node instanceof SimulatedHost && this.#hosts.has(node)) return node;
    throw new TypeError(`no node of this simulator runs at ${node.endpoint}`);
  }

  /** An address that nobody had before. */
  newEndpoint(): Endpoint {
    const made = this.#made++;
    const net = Math.floor(made / HOSTS_PER_NET);
    return formatEndpoint(`10.${net >> 8}.${net & 255}.${(made % HOSTS_PER_NET) + 1}`, PORT);
  }

  add(host: SimulatedHost): void {
    this.#hosts.add(host);
    this.#byAddress.set(host.endpoint, host);
  }

  addAddress(host: SimulatedHost, endpoint: Endpoint): void {
    this.#byAddress.set(endpoint, host);
  }

  /** It loses all its addresses for another one. */
  move(host: SimulatedHost, endpoint: Endpoint): void {
    for (const address of this.addressesOf(host)) this.#byAddress.delete(address);
    host.endpoint = endpoint;
    this.#byAddress.set(endpoint, host);
  }

  remove(host: SimulatedHost): void {
    host.running = false;
    this.#hosts.delete(host);
    for (const address of this.addressesOf(host)) this.#byAddress.delete(address);
  }

  /** The one that it sends from first. */
  addressesOf(host: SimulatedHost): readonly Endpoint[] {
    const others = [...this.#byAddress].filter(([address, one]) => one === host && address !== host.endpoint);
    return [host.endpoint, ...others.map(([address]) => address)];
  }
}
