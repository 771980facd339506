import { BOUND_CACHES } from '../bus/bound-caches.js';
import type { MeshBus } from '../bus/mesh-bus.js';
import type { MeshEvent } from '../bus/mesh-event.js';
import type { MeshStatus } from '../bus/mesh-status.js';
import type { MeshSubscription } from '../bus/mesh-subscription.js';
import { checkKey } from '../bus/outgoing-events.js';
import { escapeGlob } from '../delivery/glob.js';
import { MeshError } from '../errors/mesh-error.js';
import { type BentoMessage, clearOf, concernsTag, halves, readMessage } from './bento-message.js';

/** Takes what others have told. */
export type BentoHandler = (message: never) => void | Promise<void>;

/** What BentoCache's bus sends and hears by: a `Transport` of `@boringnode/bus`, by shape. */
export interface BentoTransport {
  setId(id: string): BentoTransport;
  onReconnect(callback: () => void): void;
  publish(channel: string, message: unknown): Promise<void>;
  subscribe(channel: string, handler: BentoHandler): Promise<void>;
  unsubscribe(channel: string): Promise<void>;
  disconnect(): Promise<void>;
}

interface TransportOptions {
  /** In the place of the name that BentoCache gives. */
  readonly channel: string | undefined;
  /** That of all keys of the store. */
  readonly namespace: string;
}

/** One store on the bus. All that it says goes under one key, so that fences and resyncs of that key stand for all of it. */
export class MeshTransport implements BentoTransport {
  readonly #bus: MeshBus;
  readonly #options: TransportOptions;
  readonly #subscriptions: MeshSubscription[] = [];
  #handler: BentoHandler | undefined;
  /** Whether something was to be told before the bus ran. */
  #isOwing = false;
  #hasWarned = false;

  constructor(bus: MeshBus, options: TransportOptions) {
    this.#bus = bus;
    this.#options = options;
  }

  setId(_id: string): this {
    return this;
  }

  onReconnect(_callback: () => void): void {
    // There is no connection that could be lost.
  }

  /** @throws MeshError `MESH_ERR_CLOSED`, as a rejection */
  async publish(channel: string, message: unknown): Promise<void> {
    const key = this.#keyOf(channel);
    const known = readMessage(message);
    if (known === undefined) await this.#publishAll(key);
    else await this.#publish(key, concernsTag(known) ? clearOf(known.namespace) : known);
  }

  /** Not asynchronous: BentoCache does not look at what becomes of the promise. */
  subscribe(channel: string, handler: BentoHandler): Promise<void> {
    const key = this.#keyOf(channel);
    checkKey(key);
    const { channels } = this.#bus[BOUND_CACHES];
    if (channels.has(key)) {
      throw new MeshError(
        'MESH_ERR_ARGUMENT',
        'a store of BentoCache is on this channel of the bus already, and they would not hear each other: disconnect() ' +
          'it first, or give one of them a bus of its own',
      );
    }
    this.#listen(key);
    channels.add(key);
    this.#subscriptions.push({ unsubscribe: () => channels.delete(key) });
    this.#handler = handler;
    // BentoCache makes its L1 known behind this call. It is empty still, but for what the caller is setting right now.
    queueMicrotask(() => this.#tellLevel('expire'));
    return Promise.resolve();
  }

  unsubscribe(_channel: string): Promise<void> {
    return this.disconnect();
  }

  disconnect(): Promise<void> {
    for (const { unsubscribe } of this.#subscriptions.splice(0)) unsubscribe();
    this.#handler = undefined;
    return Promise.resolve();
  }

  #keyOf(channel: string): string {
    return this.#options.channel ?? channel;
  }

  #listen(key: string): void {
    const bus = this.#bus;
    this.#subscriptions.push(
      bus.subscribe(escapeGlob(key), (event) => this.#hear(event)),
      bus.onMatching((event) => {
        if (event.matches(key)) this.#drop();
      }),
      bus.onResync((resync) => {
        if (resync.matches(key)) this.#drop();
      }),
      bus.onStatus((status, previous) => this.#follow(key, status, previous)),
    );
  }

  #follow(key: string, status: MeshStatus, previous: MeshStatus): void {
    if (status === 'closing' || (status === 'ready' && previous === 'joining')) this.#drop();
    if (status !== 'joining' || !this.#isOwing) return;
    this.#isOwing = false;
    this.#publishAll(key).catch(() => (this.#isOwing = true));
  }

  async #publish(key: string, message: BentoMessage): Promise<void> {
    try {
      await this.#bus.publish(key, { data: message });
    } catch (error) {
      const isLong = codeOf(error) === 'MESH_ERR_DATA_TOO_LARGE' && message.keys.length > 1;
      if (isLong) await Promise.all(halves(message).map((half) => this.#publish(key, half)));
      else await this.#publishAll(key);
    }
  }

  /** Tells that anything may have changed. A bare key always fits, and is never refused for what waits. */
  async #publishAll(key: string): Promise<void> {
    try {
      await this.#bus.publish(key);
    } catch (error) {
      if (codeOf(error) !== 'MESH_ERR_NOT_STARTED') throw error;
      this.#isOwing = true;
    }
  }

  #hear(event: MeshEvent): void {
    if (event.origin === this.#bus.id) return;
    const message = readMessage(event.data);
    // BentoCache writes in what it is handed.
    if (message === undefined) this.#drop();
    else this.#hand({ ...message });
  }

  #drop(): void {
    this.#tellLevel('clear');
  }

  /** Tells the L1 itself: that of the store's prefix holds those of all its namespaces. */
  #tellLevel(asked: 'clear' | 'expire'): void {
    if (this.#handler === undefined) return;
    const { namespace } = this.#options;
    const message = new WatchedMessage(asked, namespace);
    this.#hand(message);
    if (message.isRead || this.#hasWarned) return;
    this.#hasWarned = true;
    this.#bus[BOUND_CACHES].warn(unknownPrefixMessage(namespace));
  }

  #hand(message: BentoMessage): void {
    void this.#handler?.(message as never);
  }
}

/** Tells whether BentoCache has looked at it: it does not where it does not know the namespace. */
class WatchedMessage implements BentoMessage {
  readonly keys = [];
  /** BentoCache writes in it. */
  namespace: string;
  readonly #type: string;
  #isRead = false;

  constructor(type: string, namespace: string) {
    this.#type = type;
    this.namespace = namespace;
  }

  get isRead(): boolean {
    return this.#isRead;
  }

  get type(): string {
    this.#isRead = true;
    return this.#type;
  }
}

/** By its code, as the error may be of another copy of this library. */
function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

function unknownPrefixMessage(prefix: string): string {
  return (
    `a store of BentoCache has no L1 under the prefix ${JSON.stringify(prefix)}, so it can not be emptied where keys may ` +
    'have been missed: stale entries may remain. Give meshBusDriver the prefix of the BentoCache: meshBusDriver({ bus, prefix })'
  );
}
