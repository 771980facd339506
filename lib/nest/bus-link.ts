import { isMeshBus } from '../bus/is-mesh-bus.js';
import type { MeshBus } from '../bus/mesh-bus.js';
import type { MeshPeer } from '../bus/mesh-peer.js';
import type { MeshResync } from '../bus/mesh-resync.js';
import type { MeshStatus } from '../bus/mesh-status.js';
import type { MeshSubscription } from '../bus/mesh-subscription.js';
import type { MeshOptions } from '../options/mesh-options.js';

/** What `status` of a server and of a client emits. `isolated`: it runs, but every peer that was known is silent. */
export type MeshConnectionStatus = 'connected' | 'disconnected' | 'isolated';

/** What `on()` of a server and of a client takes: events of the bus behind it. */
// Nest's bases want an index signature, which an interface does not have.
// eslint-disable-next-line @typescript-eslint/consistent-type-definitions
export type MeshEventsMap = {
  /** What `MeshBus.onStatus` tells. */
  status: (status: MeshStatus, previous: MeshStatus) => void;
  /** What `MeshBus.onPeer` tells. */
  peer: (peer: MeshPeer) => void;
  /** What `MeshBus.onResync` tells. */
  resync: (resync: MeshResync) => void;
};

/** Options for a node of its own, or a bus that belongs to somebody else. */
export type MeshSource = MeshOptions | MeshBus | undefined;

const ATTACH: { readonly [Name in keyof MeshEventsMap]: (bus: MeshBus, callback: MeshEventsMap[Name]) => unknown } = {
  status: (bus, callback) => bus.onStatus(callback),
  peer: (bus, callback) => bus.onPeer(callback),
  resync: (bus, callback) => bus.onResync(callback),
};

/**
 * How a server or a client holds its bus. A bus of its own is opened and closed with it, and made anew when it is
 * opened again; a borrowed one is started where nobody has done so yet, and never closed.
 */
export class BusLink {
  /** `undefined` for a borrowed bus. */
  readonly #make: (() => MeshBus) | undefined;
  readonly #tell: (status: MeshConnectionStatus) => void;
  readonly #attachments: ((bus: MeshBus) => void)[] = [];
  #bus: MeshBus;
  #feed: MeshSubscription | undefined;
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    source: MeshSource,
    make: (options: MeshOptions | undefined) => MeshBus,
    tell: (status: MeshConnectionStatus) => void,
  ) {
    this.#make = isMeshBus(source) ? undefined : () => make(source);
    this.#bus = isMeshBus(source) ? source : make(source);
    this.#tell = tell;
  }

  /** The bus as it stands: before `open` it is idle, after `close` an own one is over. */
  get bus(): MeshBus {
    return this.#bus;
  }

  /** Whether it was opened and takes publishes at once. */
  get isOpen(): boolean {
    const { status } = this.#bus;
    return this.#opening !== undefined && (status === 'ready' || status === 'isolated');
  }

  /** The bus that `open` will start: a new one where an own one is over. */
  renew(): MeshBus {
    if (this.#make !== undefined && isOver(this.#bus)) {
      this.#bus = this.#make();
      for (const attach of this.#attachments) attach(this.#bus);
    }
    return this.#bus;
  }

  /** Resolves when the bus is ready. Memoised; a failed attempt is forgotten. */
  open(): Promise<void> {
    if (this.#opening === undefined) {
      const opening = this.#start(this.renew());
      this.#opening = opening;
      opening.catch(() => {
        if (this.#opening === opening) this.#opening = undefined;
      });
    }
    return this.#opening;
  }

  /** Idempotent, and after it `open` works again. */
  async close(): Promise<void> {
    this.#opening = undefined;
    if (this.#feed !== undefined) {
      this.#feed.unsubscribe();
      this.#feed = undefined;
      this.#tell('disconnected');
    }
    if (this.#make !== undefined) {
      this.#closing = this.#bus.close();
      await this.#closing;
    }
  }

  on<Name extends keyof MeshEventsMap>(event: Name, callback: MeshEventsMap[Name]): void {
    const attach = (bus: MeshBus): void => void ATTACH[event](bus, callback);
    this.#attachments.push(attach);
    attach(this.#bus);
  }

  async #start(bus: MeshBus): Promise<void> {
    this.#feed?.unsubscribe();
    this.#feed = bus.onStatus((status) => this.#pass(status));
    this.#pass(bus.status);
    // Two nodes of one process would compete for the unicast port.
    await this.#closing;
    await bus.start();
  }

  #pass(status: MeshStatus): void {
    if (status === 'ready') this.#tell('connected');
    else if (status === 'isolated') this.#tell('isolated');
    else if (status !== 'idle' && status !== 'joining') this.#tell('disconnected');
  }
}

function isOver(bus: MeshBus): boolean {
  return bus.status === 'closing' || bus.status === 'closed';
}
