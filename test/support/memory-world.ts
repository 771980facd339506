import { MeshBus } from '../../lib/bus/mesh-bus.js';
import type { BusInternals } from '../../lib/bus/bus-engine.js';
import type { MeshOptions } from '../../lib/options/mesh-options.js';
import type { ResolvedMeshOptions } from '../../lib/options/resolved-mesh-options.js';
import { type Endpoint, formatEndpoint } from '../../lib/primitives/endpoint.js';
import type { Instant } from '../../lib/primitives/instant.js';
import type {
  Clock,
  DatagramTransport,
  RuntimePorts,
  Timer,
  TransportHandlers,
  TransportSnapshot,
} from '../../lib/runtime/ports.js';
import { seededRandom } from './seeded-random.js';

const EPOCH_MS = 1_700_000_000_000;
const LATENCY_MS = 0.5;

interface Scheduled {
  readonly at: Instant;
  readonly callback: () => void;
}

/** What happens to a datagram, and to opening sockets. */
export interface MemoryNetwork {
  isCut: (from: Endpoint, to: Endpoint) => boolean;
  /** Thrown by the next `open`, once. */
  openFailure: Error | undefined;
  /** What the kernel takes is not reported until this is `false`. */
  stalled: boolean;
  /** Every datagram on its way, as it is handed to the kernel. */
  onSend: (from: Endpoint, bytes: Buffer) => void;
}

/**
 * A network and a clock in memory: real buses, real nodes, real drivers. Time passes by `advance` only, and everything
 * due happens in order.
 */
export class MemoryWorld {
  readonly network: MemoryNetwork = {
    isCut: () => false,
    openFailure: undefined,
    stalled: false,
    onSend: () => {},
  };
  readonly #transports = new Set<MemoryTransport>();
  readonly #timers = new Set<Scheduled>();
  readonly #immediates = new Set<() => void>();
  readonly #buses: MeshBus[] = [];
  #now: Instant = 1000;
  #hosts = 0;
  #seed = 1;

  readonly clock: Clock = {
    now: () => this.#now,
    wallClockMs: () => EPOCH_MS + this.#now,
    schedule: (at, callback) => cancellable(this.#timers, { at, callback }),
    scheduleImmediate: (callback) => cancellable(this.#immediates, () => callback()),
  };

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
    const end = this.#now + ms;
    await this.#endTurn();
    for (let next = this.#nextTimer(); next !== undefined && next.at <= end; next = this.#nextTimer()) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
      await this.#endTurn();
    }
    this.#now = end;
  }

  /** Lets time pass until the promise is settled, at most a minute of it. */
  async until<T>(promise: Promise<T>): Promise<T> {
    const progress = { settled: false };
    const settle = (): void => {
      progress.settled = true;
    };
    promise.then(settle, settle);
    await this.#endTurn();
    const end = this.#now + 60_000;
    while (!progress.settled) {
      const next = this.#nextTimer();
      if (next === undefined || next.at > end) throw new Error('nothing settled the promise within a minute');
      await this.advance(Math.max(0, next.at - this.#now));
    }
    return promise;
  }

  /** Closes every bus, whatever the test left it in. */
  async close(): Promise<void> {
    this.network.stalled = false;
    await this.until(Promise.all(this.#buses.map((bus) => bus.close())));
  }

  carry(from: MemoryTransport, bytes: Buffer, toGroup: boolean, to: readonly Endpoint[]): void {
    this.network.onSend(from.endpoint, bytes);
    for (const target of this.#transports) {
      const viaGroup = toGroup && target !== from && target.group !== undefined && target.group === from.group;
      const copies = [...(viaGroup ? [true] : []), ...to.filter((each) => each === target.endpoint).map(() => false)];
      for (const copy of copies) {
        if (this.network.isCut(from.endpoint, target.endpoint)) continue;
        this.clock.schedule(this.#now + LATENCY_MS, () => target.receive(from.endpoint, copy, Buffer.from(bytes)));
      }
    }
  }

  join(transport: MemoryTransport): void {
    this.#transports.add(transport);
  }

  leave(transport: MemoryTransport): void {
    this.#transports.delete(transport);
  }

  #ports(host: string, options: ResolvedMeshOptions): RuntimePorts {
    return {
      transport: new MemoryTransport(this, formatEndpoint(host, options.port), options.group),
      clock: this.clock,
      random: seededRandom(this.#seed++),
      resolver: { resolve: () => Promise.resolve([]) },
    };
  }

  #nextTimer(): Scheduled | undefined {
    let next: Scheduled | undefined;
    for (const timer of this.#timers) if (next === undefined || timer.at < next.at) next = timer;
    return next;
  }

  /** Runs what is due at the end of the turn, and lets promises settle. */
  async #endTurn(): Promise<void> {
    do {
      await new Promise((resolve) => setImmediate(resolve));
      for (const callback of [...this.#immediates]) {
        if (!this.#immediates.delete(callback)) continue;
        callback();
        await new Promise((resolve) => setImmediate(resolve));
      }
    } while (this.#immediates.size > 0);
  }
}

class MemoryTransport implements DatagramTransport {
  readonly endpoint: Endpoint;
  readonly group: string | undefined;
  readonly #world: MemoryWorld;
  #handlers: TransportHandlers | undefined;

  constructor(world: MemoryWorld, endpoint: Endpoint, group: string | false) {
    this.#world = world;
    this.endpoint = endpoint;
    this.group = group === false ? undefined : group;
  }

  async open(handlers: TransportHandlers): Promise<void> {
    await Promise.resolve();
    const { network } = this.#world;
    const failure = network.openFailure;
    network.openFailure = undefined;
    if (failure !== undefined) throw failure;
    this.#handlers = handlers;
    this.#world.join(this);
    handlers.onEndpoints([this.endpoint]);
  }

  send(
    bytes: Buffer,
    length: number,
    toGroup: boolean,
    to: readonly Endpoint[],
    done: (failures: number) => void,
  ): void {
    this.#world.carry(this, Buffer.from(bytes.subarray(0, length)), toGroup, to);
    this.#settle(done);
  }

  receive(from: Endpoint, viaGroup: boolean, bytes: Buffer): void {
    this.#handlers?.onDatagram({ from, viaGroup }, bytes);
  }

  snapshot(): TransportSnapshot {
    const open = this.#handlers !== undefined;
    return {
      endpoints: open ? [this.endpoint] : [],
      multicast: open && this.group !== undefined ? ['mem0'] : [],
      receiveBufferBytes: undefined,
      refusedSources: 0,
    };
  }

  async close(): Promise<void> {
    this.#handlers = undefined;
    this.#world.leave(this);
  }

  #settle(done: (failures: number) => void): void {
    const { clock, network } = this.#world;
    if (network.stalled) clock.schedule(clock.now() + 1, () => this.#settle(done));
    else clock.scheduleImmediate(() => done(0));
  }
}

function cancellable<T>(pending: Set<T>, entry: T): Timer {
  pending.add(entry);
  return { cancel: () => void pending.delete(entry) };
}
