import { type Endpoint, formatEndpoint, isIpv4 } from '../primitives/endpoint.js';
import type { Seed } from '../options/resolved-mesh-options.js';
import type { Clock, Resolver, Timer } from './ports.js';

/** How often names are looked up again: behind them, instances come and go. */
const LOOKUP_EVERY_MS = 10_000;

/**
 * All addresses that the user's seeds stand for, told again whenever they change. A lookup that hangs holds up nothing
 * but its own name, and a name that stops resolving keeps the addresses it had.
 */
export class SeedAddresses {
  readonly #clock: Clock;
  readonly #resolver: Resolver;
  readonly #onChange: (endpoints: readonly Endpoint[]) => void;
  readonly #addresses = new Map<Seed, readonly string[]>();
  readonly #named: readonly Seed[];
  readonly #underWay = new Set<string>();
  #told = '';
  #timer: Timer | undefined;
  #closed = false;

  constructor(
    seeds: readonly Seed[],
    { clock, resolver }: { readonly clock: Clock; readonly resolver: Resolver },
    onChange: (endpoints: readonly Endpoint[]) => void,
  ) {
    this.#clock = clock;
    this.#resolver = resolver;
    this.#onChange = onChange;
    for (const seed of seeds) this.#addresses.set(seed, isIpv4(seed.host) ? [seed.host] : []);
    this.#named = seeds.filter((seed) => !isIpv4(seed.host));
  }

  /** Tells the addresses that need no lookup before it returns, and the others as they become known. */
  start(): void {
    this.#tell();
    if (this.#named.length > 0) this.#lookUpAll();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #lookUpAll(): void {
    for (const host of new Set(this.#named.map((seed) => seed.host))) void this.#lookUp(host);
    this.#timer = this.#clock.schedule(this.#clock.now() + LOOKUP_EVERY_MS, () => this.#lookUpAll());
  }

  async #lookUp(host: string): Promise<void> {
    if (this.#underWay.has(host)) return;
    this.#underWay.add(host);
    const addresses = await this.#resolver.resolve(host);
    this.#underWay.delete(host);
    if (this.#closed || addresses.length === 0) return;
    for (const seed of this.#named) if (seed.host === host) this.#addresses.set(seed, addresses);
    this.#tell();
  }

  #tell(): void {
    const endpoints = new Set<Endpoint>();
    for (const [{ port }, addresses] of this.#addresses) {
      for (const address of addresses) endpoints.add(formatEndpoint(address, port));
    }
    // Resolvers rotate the order of their answers, which is no news.
    const fingerprint = [...endpoints].sort().join();
    if (fingerprint === this.#told) return;
    this.#told = fingerprint;
    this.#onChange([...endpoints]);
  }
}
