import { MeshBus } from '../../lib/bus/mesh-bus.js';
import type { BusInternals } from '../../lib/bus/bus-engine.js';
import type { MeshOptions } from '../../lib/options/mesh-options.js';
import type { ResolvedMeshOptions } from '../../lib/options/resolved-mesh-options.js';
import { formatEndpoint } from '../../lib/primitives/endpoint.js';
import type { RuntimePorts } from '../../lib/runtime/ports.js';
import { MemoryClock } from '../../lib/testing/memory-clock.js';
import { MemoryNetwork } from '../../lib/testing/memory-network.js';
import { MemoryTransport } from '../../lib/testing/memory-transport.js';
import { Turns } from '../../lib/testing/turns.js';
import { seededRandom } from './seeded-random.js';

/**
 * A network and a clock in memory: real buses, real nodes, real drivers. Time passes by `advance` only, and everything
 * due happens in order.
 */
export class MemoryWorld {
  readonly clock = new MemoryClock();
  readonly network = new MemoryNetwork(this.clock);
  readonly #turns = new Turns();
  readonly #buses: MeshBus[] = [];
  #hosts = 0;
  #seed = 1;

  /** A bus that says nothing, on a host of its own. */
  bus(options: MeshOptions = {}, internals: BusInternals = {}): MeshBus {
    const host = `10.0.0.${++this.#hosts}`;
    const makePorts = (resolved: ResolvedMeshOptions): RuntimePorts => this.#ports(host, resolved);
    const bus = new MeshBus({ logger: false, ...options }, { makePorts, ...internals });
    this.#buses.push(bus);
    return bus;
  }

  /** Buses of the same options that know each other. */
  async mesh(count: number, options: MeshOptions = {}): Promise<MeshBus[]> {
    const buses = Array.from({ length: count }, () => this.bus(options));
    await this.until(Promise.all(buses.map((bus) => bus.start())));
    await this.until(Promise.all(buses.map((bus) => bus.waitForPeers(count - 1))));
    return buses;
  }

  /** Lets time pass, and all that it brings happen. */
  async advance(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    await this.#endTurn();
    while (this.clock.runTimer(end)) await this.#endTurn();
    this.clock.goOnTo(end);
    this.#turns.rest();
  }

  /** Lets time pass until the promise is settled, at most a minute of it. */
  async until<T>(promise: Promise<T>): Promise<T> {
    const progress = { settled: false };
    const settle = (): void => {
      progress.settled = true;
    };
    promise.then(settle, settle);
    await this.#endTurn();
    const end = this.clock.now() + 60_000;
    while (!progress.settled) {
      const next = this.clock.nextAt();
      if (next === undefined || next > end) throw new Error('nothing settled the promise within a minute');
      await this.advance(Math.max(0, next - this.clock.now()));
    }
    this.#turns.rest();
    return promise;
  }

  /** Closes every bus, whatever the test left it in. */
  async close(): Promise<void> {
    this.network.stalled = false;
    await this.until(Promise.all(this.#buses.map((bus) => bus.close())));
  }

  #ports(host: string, options: ResolvedMeshOptions): RuntimePorts {
    return {
      transport: new MemoryTransport(this.network, formatEndpoint(host, options.port), options.group || undefined),
      clock: this.clock,
      random: seededRandom(this.#seed++),
      resolver: { resolve: () => Promise.resolve([]) },
    };
  }

  /** Runs what is due at the end of the turn, and lets promises settle. */
  async #endTurn(): Promise<void> {
    do await this.#turns.next();
    while (this.clock.runImmediate());
  }
}
