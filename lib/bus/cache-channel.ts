import { escapeGlob } from '../delivery/glob.js';
import { MeshError } from '../errors/mesh-error.js';
import { isThenable } from '../primitives/is-thenable.js';
import type { Fence } from '../reliability/fences.js';
import { BOUND_CACHES } from './bound-caches.js';
import { failureText } from './failure-text.js';
import type { MeshBus } from './mesh-bus.js';
import type { MeshSubscription } from './mesh-subscription.js';
import { checkKey, checkPattern } from './outgoing-events.js';

/** Room for keys must be left in what a published key may take. */
const LONGEST_PREFIX = 512;

/** What holds copies by the keys of one cache, and can let go of them. */
export interface CacheCopies {
  /** Lets go of one. `isOwn`: this bus has published it. */
  evict(key: string, isOwn: boolean): unknown;
  /** Lets go of all that are covered. */
  evictWhere(isCovered: (key: string) => boolean): unknown;
  /** `isHeard`: somebody has said so; else what is held may have been invalidated unheard. */
  evictAll(isHeard: boolean): unknown;
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
    return this.#bus.fence(this.#published(key));
  }

  /**
   * Whether all of these can be told to others.
   *
   * @throws MeshError `MESH_ERR_KEY` one of them can not
   */
  check(keys: readonly string[]): void {
    keys.forEach((key, index) => this.#published(key, index));
  }

  /** Whether anything can be kept now: only who hears of all invalidations may. */
  isHearing(): boolean {
    return this.#bus.fence(`${this.prefix}.`).isCurrent();
  }

  /**
   * Tells everyone that copies of these keys are old. Fences have moved when this returns.
   *
   * @throws MeshError `MESH_ERR_KEY`, at once: nobody was told of any; as `publish` and `publishAndAwait`, as rejections
   */
  announce(keys: readonly string[], { await: replicas, timeout }: MeshInvalidateOptions = {}): Promise<void> {
    const published = keys.map((key, index) => this.#published(key, index));
    if (replicas === undefined) return this.#bus.publish(published);
    return allDone(published.map((key) => this.#bus.publishAndAwait(key, replicas, { timeout })));
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
   * Lets the copies hear of it all. What they hold while the bus hears nobody goes too, as it may have been invalidated
   * unheard: now, if the bus runs already, when it becomes ready, and when it closes.
   *
   * @throws MeshError `MESH_ERR_CLOSED`; what lets go of all throws
   */
  listen(copies: CacheCopies): MeshSubscription {
    const bus = this.#bus;
    const subscriptions = this.#subscribe(copies);
    const subscription = { unsubscribe: () => subscriptions.forEach(({ unsubscribe }) => unsubscribe()) };
    try {
      if (bus.status !== 'idle') this.#evictOld(copies);
    } catch (error) {
      subscription.unsubscribe();
      throw error;
    }
    return subscription;
  }

  /** What the cache's key is called in the mesh. The index is given where there are several. */
  #published(key: string, index?: number): string {
    // A number would become a text, and no key of anybody.
    const published: unknown = typeof key === 'string' ? this.prefix + key : key;
    checkKey(published, index);
    return published;
  }

  #subscribe(copies: CacheCopies): readonly MeshSubscription[] {
    const bus = this.#bus;
    const start = this.prefix.length;
    return [
      bus.subscribe(this.#everything, ({ key, origin }) => copies.evict(key.slice(start), origin === bus.id)),
      bus.onMatching((event) => {
        if (event.pattern === this.#everything) return copies.evictAll(true);
        return copies.evictWhere((key) => event.matches(this.prefix + key));
      }),
      bus.onResync((resync) => {
        copies.onResync?.();
        return resync.all ? copies.evictAll(true) : copies.evictWhere((key) => resync.matches(this.prefix + key));
      }),
      bus.onStatus((status, previous) => {
        if (status === 'closing' || (status === 'ready' && previous === 'joining')) return copies.evictAll(false);
        return undefined;
      }),
    ];
  }

  /** No listener of the bus, so nobody else hears of it when this fails later. */
  #evictOld(copies: CacheCopies): void {
    const evicted = copies.evictAll(false);
    if (!isThenable(evicted)) return;
    const warn = (failure: unknown): void =>
      this.#bus[BOUND_CACHES].warn(`a cache could not be emptied when it was bound: ${failureText(failure)}`);
    evicted.then(undefined, warn);
  }
}

/** All of them, before the first failure is told: none is left to fail unheard. */
async function allDone(promises: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(promises);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
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
