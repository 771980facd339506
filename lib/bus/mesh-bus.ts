import type { MeshOptions } from '../options/mesh-options.js';
import type { Fence } from '../reliability/fences.js';
import type { StatusListener } from './bus-audience.js';
import { BusEngine, type BusInternals } from './bus-engine.js';
import { rejected } from './deferred.js';
import { HANDLERS_BOUND } from './handlers-bound.js';
import { MESH_BUS_BRAND } from './is-mesh-bus.js';
import type { MeshEvent, MeshMatchingEvent } from './mesh-event.js';
import type { MeshMetrics } from './mesh-metrics.js';
import type { MeshPeer } from './mesh-peer.js';
import type { MeshPublishMatchingOptions, MeshPublishOptions, MeshWaitOptions } from './mesh-publish-options.js';
import type { MeshResync } from './mesh-resync.js';
import type { MeshSnapshot } from './mesh-snapshot.js';
import type { MeshStatus } from './mesh-status.js';
import type {
  MeshBatchListener,
  MeshKeySubscription,
  MeshListener,
  MeshListenOptions,
  MeshStreamOptions,
  MeshSubscription,
} from './mesh-subscription.js';
import { checkKey, checkPattern, leaseKey } from './outgoing-events.js';

/**
 * A node of the mesh: what is published here reaches every other node, and what they publish reaches the subscribers
 * here. Each instance is a node of its own, also within one process.
 *
 * @example
 * const bus = new MeshBus({ cluster: 'shop' });
 * bus.subscribe('invalidate:*', ({ key }) => cache.delete(key));
 * await bus.start();
 * await bus.publish('invalidate:user:42');
 */
export class MeshBus {
  readonly [MESH_BUS_BRAND] = true;
  readonly #engine: BusEngine;

  /**
   * Opens nothing. `internals` is for the library itself.
   *
   * @throws MeshError `MESH_ERR_CONFIG` options are wrong
   */
  constructor(options?: MeshOptions, internals: BusInternals = {}) {
    this.#engine = new BusEngine(options, internals);
  }

  /** A UUID, new for each instance. */
  get id(): string {
    return this.#engine.id;
  }

  get status(): MeshStatus {
    return this.#engine.session.status;
  }

  /** `ip:port` at which others reach this node; `undefined` before it is bound. */
  get address(): string | undefined {
    return this.#engine.session.driver?.transport().endpoints[0];
  }

  /** Whether it takes part: `ready` or `isolated`. */
  isReady(): boolean {
    return this.status === 'ready' || this.status === 'isolated';
  }

  /** Whether it takes part and is not cut off: `ready`. */
  isHealthy(): boolean {
    return this.status === 'ready';
  }

  /**
   * Resolves when sockets are bound, the group is joined and the first peers are greeted. Memoised; after a failure it
   * can be called again.
   *
   * @throws MeshError `MESH_ERR_CONFIG` an interface is missing, `MESH_ERR_PORT_IN_USE`, `MESH_ERR_SOCKET`,
   * `MESH_ERR_CLOSED`
   */
  start(): Promise<void> {
    return this.#engine.session.start();
  }

  /**
   * Sends what waits, says goodbye, repeats for a moment what others have missed of it, closes the sockets. Idempotent and
   * final; possible at any time, also before `start`.
   */
  close(): Promise<void> {
    return this.#engine.session.close();
  }

  /**
   * Publishes one key or several, each 1 to 1024 bytes of UTF-8 and taken literally. A bare key that still waits to be
   * sent is not sent twice. From `start()` on; what is published before the bus is ready is sent then.
   *
   * Resolves when the kernel has the datagrams, which takes as long as receivers need to read what was sent before. Where
   * more waits than `limits.pendingKeys`, bare keys become one resync `overload` at the others, and data are refused. One
   * wrong key of several refuses all of them, before any is sent.
   *
   * @throws MeshError `MESH_ERR_KEY`, `MESH_ERR_DATA`, `MESH_ERR_DATA_TOO_LARGE`, `MESH_ERR_BACKPRESSURE`,
   * `MESH_ERR_NOT_STARTED`, `MESH_ERR_CLOSED`, as rejections; the signal's reason
   */
  publish(key: string | readonly string[], options: MeshPublishOptions = {}): Promise<void> {
    // Not an async function: all publishes of a flush share one promise, and get that very one.
    try {
      return this.#engine.send(this.#engine.outgoing.keys(key, options), options.signal);
    } catch (error) {
      return rejected(error);
    }
  }

  /**
   * Publishes "all keys that match the Redis glob". It reaches the `onMatching` listeners of others, and no subscriber.
   *
   * @throws MeshError as `publish`, with `MESH_ERR_PATTERN` for the pattern
   */
  publishMatching(pattern: string, options: MeshPublishMatchingOptions = {}): Promise<void> {
    try {
      return this.#engine.send(this.#engine.outgoing.matching(pattern), options.signal);
    } catch (error) {
      return rejected(error);
    }
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

  /** Publishes the key `'lease:' + id`. A lease is a key with a prefix: it has no owner and no time to live. */
  revokeLease(id: string, options?: MeshPublishOptions): Promise<void> {
    return this.publish(leaseKey(id), options);
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

  /** Everyone who is taken for a member now: `alive` and `suspect`. */
  peers(): readonly MeshPeer[] {
    return this.#engine.peers.list();
  }

  /**
   * Resolves with the peers that are alive, clients included, as soon as there are `count`. Before `start` too.
   *
   * @throws MeshError `MESH_ERR_TIMEOUT`, `MESH_ERR_CLOSED`, `MESH_ERR_ARGUMENT`, as rejections; the signal's reason
   */
  async waitForPeers(count: number, options: MeshWaitOptions = {}): Promise<readonly MeshPeer[]> {
    this.#engine.checkOpen();
    return this.#engine.peers.wait(count, options);
  }

  /** For the library itself: see `tellHandlersBound`. */
  [HANDLERS_BOUND](): void {
    this.#engine.noteHandlersBound();
  }

  /** Counters since start. */
  metrics(): MeshMetrics {
    return this.#engine.metrics();
  }

  /** The whole picture, for a debug endpoint or a bug report: plain JSON, with no keys and no data in it. */
  snapshot(): MeshSnapshot {
    return this.#engine.snapshot();
  }
}
