import type { Fence } from '../reliability/fences.js';
import type { StatusListener } from './bus-audience.js';
import type { BusEngine } from './bus-engine.js';
import type { MeshEvent, MeshMatchingEvent } from './mesh-event.js';
import type { MeshPeer } from './mesh-peer.js';
import type { MeshResync } from './mesh-resync.js';
import type {
  MeshBatchListener,
  MeshKeySubscription,
  MeshListener,
  MeshListenOptions,
  MeshStreamOptions,
  MeshSubscription,
} from './mesh-subscription.js';
import { checkKey, checkPattern, leaseKey } from './outgoing-events.js';

/** The half of a bus that listens: what `MeshBus` tells its user. */
export abstract class MeshListening {
  readonly #engine: BusEngine;

  protected constructor(engine: BusEngine) {
    this.#engine = engine;
  }

  /**
   * Calls the listener for each published key that matches: a Redis glob (`*` any run of characters, `?` one, `[a-c]` a
   * set, `\` escapes), or exactly that key where the pattern has none of these. Before `start` too. A listener that is
   * subscribed under several patterns hears an event once.
   *
   * @throws MeshError `MESH_ERR_PATTERN`, `MESH_ERR_ARGUMENT`, `MESH_ERR_CLOSED`
   */
  subscribe(pattern: string, listener: MeshListener<MeshEvent>, options?: MeshListenOptions): MeshKeySubscription {
    checkPattern(pattern);
    this.#engine.checkOpen();
    return this.#engine.audience.subscriptions.add(pattern, listener, options, false);
  }

  /**
   * As `subscribe`, but the listener gets what arrives together, a datagram's events at least, as one list, of one event
   * too. It is called behind the listeners of single events, before anything else can arrive. Throws as `subscribe`.
   */
  subscribeBatch(pattern: string, listener: MeshBatchListener, options?: MeshListenOptions): MeshKeySubscription {
    checkPattern(pattern);
    this.#engine.checkOpen();
    return this.#engine.audience.subscriptions.addBatch(pattern, listener, options);
  }

  /** The same as `subscription.unsubscribe()`. */
  unsubscribe(subscription: MeshSubscription): void {
    subscription.unsubscribe();
  }

  /**
   * The events of a pattern, from this call on, for `for await`. It ends, without an error, when the signal aborts or
   * the bus is closed; leaving the loop unsubscribes. Up to `limit` events wait for a slow reader: beyond that further
   * ones are dropped, and behind the last one kept `next()` rejects once, with their number.
   *
   * @throws MeshError `MESH_ERR_PATTERN`, `MESH_ERR_ARGUMENT`, `MESH_ERR_CLOSED`; `MESH_ERR_STREAM_OVERFLOW` from `next()`
   */
  stream(pattern: string, options: MeshStreamOptions = {}): AsyncIterableIterator<MeshEvent, undefined> {
    checkPattern(pattern);
    this.#engine.checkOpen();
    return this.#engine.audience.stream(pattern, options, this.#engine.options.limits.streamEvents);
  }

  /**
   * Calls the listener when exactly that lease is revoked.
   *
   * @throws MeshError `MESH_ERR_KEY`, `MESH_ERR_ARGUMENT`, `MESH_ERR_CLOSED`
   */
  subscribeLease(id: string, listener: MeshListener<MeshEvent>, options?: MeshListenOptions): MeshKeySubscription {
    const key = leaseKey(id);
    checkKey(key);
    this.#engine.checkOpen();
    return this.#engine.audience.subscriptions.add(key, listener, options, true);
  }

  /** The same as `subscription.unsubscribe()`. */
  unsubscribeLease(subscription: MeshSubscription): void {
    subscription.unsubscribe();
  }

  /** Calls the listener with each `publishMatching`: who caches by published keys drops all that it `matches`. */
  onMatching(listener: MeshListener<MeshMatchingEvent>, options?: MeshListenOptions): MeshSubscription {
    return this.#engine.audience.matching.add(listener, options);
  }

  /**
   * Tells, once a value has been loaded, whether it may be cached: make the fence before the load begins, and ask it
   * right before the set. It is moved by each invalidation of the key, own publishes included, by each matching
   * `publishMatching` and by each resync that covers the key. None is current before the bus is ready, nor once it
   * closes; with `onIsolation: 'flush'`, nor while it is isolated.
   *
   * @param key named as it is published
   * @throws MeshError `MESH_ERR_KEY`
   */
  fence(key: string): Fence {
    checkKey(key);
    return this.#engine.audience.fences.make(key);
  }

  /** Calls the listener when keys may have been missed: who holds copies drops all that it `matches`. */
  onResync(listener: MeshListener<MeshResync>, options?: MeshListenOptions): MeshSubscription {
    return this.#engine.audience.resyncs.add(listener, options);
  }

  /** Calls the listener at each change of `status`, behind the change. */
  onStatus(listener: StatusListener, options?: MeshListenOptions): MeshSubscription {
    return this.#engine.audience.onStatus(listener, options);
  }

  /** Calls the listener at each change of a peer's state, with the peer as it is then. */
  onPeer(listener: MeshListener<MeshPeer>, options?: MeshListenOptions): MeshSubscription {
    return this.#engine.audience.peers.add(listener, options);
  }
}
