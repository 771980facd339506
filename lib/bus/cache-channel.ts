import { escapeGlob } from '../delivery/glob.js';
import { MeshError } from '../errors/mesh-error.js';
import type { Fence } from '../reliability/fences.js';
import type { MeshBus } from './mesh-bus.js';
import type { MeshSubscription } from './mesh-subscription.js';
import { checkPattern } from './outgoing-events.js';

/** Room for keys must be left in what a published key may take. */
const LONGEST_PREFIX = 512;

/** What holds copies by the keys of one cache, and can let go of them. */
export interface CacheCopies {
  /** Lets go of one. `isOwn`: this bus has published it. */
  evict(key: string, isOwn: boolean): unknown;
  /** Lets go of all that are covered. */
  evictWhere(isCovered: (key: string) => boolean): unknown;
  evictAll(): unknown;
  /** Told of each resync, before what it covers goes. */
  onResync?(): void;
}

export interface MeshInvalidateOptions {
  /** So many other nodes are waited for, as `publishAndAwait` does. Default none: nobody is waited for. */
  readonly await?: number | 'quorum' | 'all' | undefined;
  /** How long others are waited for, in milliseconds. Default 1000. */
  readonly timeout?: number | undefined;
}

/** The keys of one cache in the mesh: what a cache calls `user:42` is published as `invalidate:user:42`. */
export class CacheChannel {
  readonly prefix: string;
  readonly #bus: MeshBus;
  /** Covers every key of the cache. */
  readonly #everything: string;

  /** @throws MeshError `MESH_ERR_ARGUMENT` */
  constructor(bus: MeshBus, prefix: string) {
    checkPrefix(prefix);
    this.#bus = bus;
    this.prefix = prefix;
    this.#everything = `${escapeGlob(prefix)}*`;
  }

  /** @throws MeshError `MESH_ERR_KEY` */
  fence(key: string): Fence {
    return this.#bus.fence(this.prefix + key);
  }

  /** Whether anything can be kept now: only who hears of all invalidations may. */
  isHearing(): boolean {
    return this.#bus.fence(`${this.prefix}.`).isCurrent();
  }

  /** Tells everyone that copies of these keys are old. Fences have moved when this returns. */
  async announce(keys: readonly string[], options: MeshInvalidateOptions = {}): Promise<void> {
    const published = keys.map((key) => this.prefix + key);
    const { await: replicas, timeout } = options;
    if (replicas === undefined) return this.#bus.publish(published);
    const receipts = published.map((key) => this.#bus.publishAndAwait(key, replicas, { timeout }));
    // All of them, before the first failure is told: none is left to fail unheard.
    const outcomes = await Promise.allSettled(receipts);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  /**
   * The same of all keys that match the glob.
   *
   * @throws MeshError `MESH_ERR_PATTERN`
   */
  announceMatching(glob: string): Promise<void> {
    checkPattern(glob);
    return this.#bus.publishMatching(escapeGlob(this.prefix) + glob);
  }

  announceAll(): Promise<void> {
    return this.#bus.publishMatching(this.#everything);
  }

  /**
   * Lets the copies hear of it all. What they hold from before the bus hears everyone goes too, as it may have been
   * invalidated unheard: now, if the bus runs already, and when it becomes ready.
   */
  listen(copies: CacheCopies): MeshSubscription {
    const bus = this.#bus;
    const start = this.prefix.length;
    if (bus.status !== 'idle') copies.evictAll();
    const subscriptions = [
      bus.subscribe(this.#everything, ({ key, origin }) => copies.evict(key.slice(start), origin === bus.id)),
      bus.onMatching((event) => {
        if (event.pattern === this.#everything) return copies.evictAll();
        return copies.evictWhere((key) => event.matches(this.prefix + key));
      }),
      bus.onResync((resync) => {
        copies.onResync?.();
        return resync.all ? copies.evictAll() : copies.evictWhere((key) => resync.matches(this.prefix + key));
      }),
      bus.onStatus((status, previous) => {
        if (status === 'ready' && previous === 'joining') return copies.evictAll();
        return undefined;
      }),
    ];
    return { unsubscribe: () => subscriptions.forEach((subscription) => subscription.unsubscribe()) };
  }
}

function checkPrefix(prefix: unknown): void {
  if (typeof prefix !== 'string') {
    throw new MeshError('MESH_ERR_ARGUMENT', `the prefix is ${typeof prefix}: it must be a string`);
  }
  if (!prefix.isWellFormed() || Buffer.byteLength(prefix) > LONGEST_PREFIX) {
    throw new MeshError(
      'MESH_ERR_ARGUMENT',
      `the prefix must be well-formed text of at most ${LONGEST_PREFIX} bytes of UTF-8`,
    );
  }
}
