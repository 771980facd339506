import type { MeshKeyring } from '../options/mesh-keyring.js';
import type { MeshOptions } from '../options/mesh-options.js';
import { BOUND_CACHES, type BoundCaches, newBoundCaches } from './bound-caches.js';
import { BusEngine, type BusInternals } from './bus-engine.js';
import { changeKeyring } from './bus-sealing.js';
import { rejected } from './deferred.js';
import { HANDLERS_BOUND } from './handlers-bound.js';
import { MESH_BUS_BRAND } from './is-mesh-bus.js';
import { MeshListening } from './mesh-listening.js';
import type { MeshMetrics } from './mesh-metrics.js';
import type { MeshPeer } from './mesh-peer.js';
import type {
  MeshAwaitOptions,
  MeshPublishMatchingOptions,
  MeshPublishOptions,
  MeshRevokeOptions,
  MeshWaitOptions,
} from './mesh-publish-options.js';
import type { MeshReceipt } from './mesh-receipt.js';
import type { MeshSnapshot } from './mesh-snapshot.js';
import type { MeshStatus } from './mesh-status.js';
import type { MeshReplyObserver, MeshRequestOptions, MeshResponder } from './mesh-request.js';
import { checkPattern, leaseKey } from './outgoing-events.js';
import type { MeshKeySubscription, MeshListenOptions } from './mesh-subscription.js';
import { replicasGoal, zonesGoal } from './receipt-goals.js';

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
export class MeshBus extends MeshListening {
  readonly [MESH_BUS_BRAND] = true;
  /** For the library itself: see `bindCache`. */
  readonly [BOUND_CACHES]: BoundCaches;
  readonly #engine: BusEngine;

  /**
   * Opens nothing. `internals` is for the library itself.
   *
   * @throws MeshError `MESH_ERR_CONFIG` options are wrong
   */
  constructor(options?: MeshOptions, internals: BusInternals = {}) {
    const engine = new BusEngine(options, internals);
    super(engine);
    this.#engine = engine;
    this[BOUND_CACHES] = newBoundCaches((message) => engine.log.warn(message));
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
   * Lets asynchronous handlers that run end, for a second at most, sends what waits, says goodbye, repeats for a moment what
   * others have missed of it, closes the sockets. Idempotent and final; possible at any time, also before `start`.
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
   * Publishes one key and waits until other nodes have run their handlers for it to the end, asynchronous ones included.
   * A node without a handler for it answers at once, and counts too.
   *
   * @param replicas how many other nodes: a number; `quorum`, as many as make a majority of the mesh together with this
   * one; or `all` that are there now and do not go meanwhile. Clients and nodes of v1 count for none
   * @throws MeshError `MESH_ERR_QUORUM_NOT_SATISFIED`, a `MeshQuorumError` with the receipt: in time too few have, or a
   * handler has failed, or there are not so many; `MESH_ERR_ARGUMENT`, and what `publish` throws
   */
  async publishAndAwait(
    key: string,
    replicas: number | 'quorum' | 'all',
    options: MeshAwaitOptions = {},
  ): Promise<MeshReceipt> {
    return this.#engine.publishAndAwait(key, replicasGoal(replicas), options);
  }

  /**
   * The same, until nodes of so many zones have answered.
   *
   * @throws MeshError as `publishAndAwait`
   */
  async publishAndAwaitTopology(key: string, minZones: number, options: MeshAwaitOptions = {}): Promise<MeshReceipt> {
    return this.#engine.publishAndAwait(key, zonesGoal(minZones), options);
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
   * Asks everyone who answers such a question, this bus's own responders included, and tells the observer of each value of
   * each answer. It is over when all nodes that are there have answered, have nobody who does, or are gone.
   *
   * @returns what cancels: the observer is told nothing more
   * @throws MeshError `MESH_ERR_KEY`, `MESH_ERR_DATA`, `MESH_ERR_DATA_TOO_LARGE`, `MESH_ERR_ARGUMENT`, `MESH_ERR_BACKPRESSURE`,
   * `MESH_ERR_NOT_STARTED`, `MESH_ERR_CLOSED`
   */
  request(key: string, options: MeshRequestOptions, observer: MeshReplyObserver): () => void {
    return this.#engine.request(key, options, observer);
  }

  /**
   * Answers questions that match: a Redis glob, or exactly one. Where several match, the one whose pattern is the question
   * itself answers, else the one that was there first.
   *
   * @throws MeshError `MESH_ERR_PATTERN`, `MESH_ERR_ARGUMENT`, `MESH_ERR_CLOSED`
   */
  respond(pattern: string, responder: MeshResponder, options?: MeshListenOptions): MeshKeySubscription {
    checkPattern(pattern);
    this.#engine.checkOpen();
    return this.#engine.answers.responders.add(pattern, responder, options);
  }

  /** Publishes the key `'lease:' + id`. A lease is a key with a prefix: it has no owner and no time to live. */
  revokeLease(id: string, options?: MeshPublishOptions): Promise<void>;
  /** The same, and waits as `publishAndAwait` does for so many. */
  revokeLease(id: string, options: MeshRevokeOptions): Promise<MeshReceipt>;
  revokeLease(id: string, options: MeshRevokeOptions | MeshPublishOptions = {}): Promise<MeshReceipt | void> {
    if (!('await' in options)) return this.publish(leaseKey(id), options);
    return this.publishAndAwait(leaseKey(id), options.await, options);
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

  /**
   * Seals with another primary and opens with other secrets, from now on and without a gap: add a key everywhere, make
   * it primary, remove the old one.
   *
   * @throws MeshError `MESH_ERR_CONFIG` the secrets are wrong, or the bus was made without one
   */
  setKeyring(secret: string | Uint8Array | MeshKeyring): void {
    changeKeyring(this.#engine.sealing, secret);
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
