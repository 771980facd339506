import { MeshError } from '../errors/mesh-error.js';
import type { PeerView } from '../membership/peer-view.js';
import type { UnreadableSource } from '../membership/unreadable-book.js';
import type { Instant } from '../primitives/instant.js';
import type { Clock, Timer } from '../runtime/ports.js';
import { onAbort } from './abort.js';
import { checkSignal, checkTimeout, checkWholeNumber } from './checks.js';
import type { MeshPeer, MeshUnreadable } from './mesh-peer.js';
import type { MeshWaitOptions } from './mesh-publish-options.js';
import { formatNodeId } from './node-uuid.js';

const DEFAULT_TIMEOUT_MS = 5000;
/** An error should fit a line. */
const PEERS_NAMED = 8;

interface Wait {
  readonly count: number;
  readonly resolve: (peers: readonly MeshPeer[]) => void;
  readonly reject: (reason: unknown) => void;
}

interface Sources {
  readonly views: () => readonly PeerView[];
  readonly unreadable: () => readonly UnreadableSource[];
  readonly clock: () => Clock;
}

/** The peers as a user sees them, and those who wait for some. */
export class PeerBook {
  readonly #sources: Sources;
  readonly #waits = new Set<Wait>();

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  list(): readonly MeshPeer[] {
    const views = this.#sources.views();
    return views.length === 0 ? [] : views.map((view) => this.describe(view));
  }

  describe(view: PeerView): MeshPeer {
    const clock = this.#sources.clock();
    const { endpoint: address, zone, state, legacy } = view;
    const lastHeard = wallClockAt(clock, view.lastHeardAt);
    return {
      id: formatNodeId(view.id),
      address,
      zone,
      state,
      legacy,
      role: view.client ? 'client' : 'member',
      lastHeard,
    };
  }

  unreadable(): readonly MeshUnreadable[] {
    const clock = this.#sources.clock();
    return this.#sources.unreadable().map(({ endpoint, id, reason, lastHeardAt }) => ({
      address: endpoint,
      id: formatNodeId(id),
      reason,
      lastHeard: wallClockAt(clock, lastHeardAt),
    }));
  }

  /** Lets go of those who wait for no more than there are now. */
  review(): void {
    if (this.#waits.size === 0) return;
    const alive = this.#alive();
    for (const wait of this.#waits) if (alive.length >= wait.count) wait.resolve(alive);
  }

  /** Nobody will come any more. */
  fail(reason: MeshError): void {
    for (const wait of this.#waits) wait.reject(reason);
  }

  /**
   * Resolves with the peers that are alive as soon as there are `count` of them.
   *
   * @throws MeshError `MESH_ERR_ARGUMENT`
   */
  wait(count: number, options: MeshWaitOptions): Promise<readonly MeshPeer[]> {
    const timeoutMs = options.timeout ?? DEFAULT_TIMEOUT_MS;
    checkWholeNumber('the number of peers', count, 0, Number.MAX_SAFE_INTEGER);
    checkTimeout(timeoutMs);
    checkSignal(options.signal);
    let stop = (): void => undefined;
    const waiting = new Promise<readonly MeshPeer[]>((resolve, reject) => {
      const wait: Wait = { count, resolve, reject };
      const timer = this.#startTimer(timeoutMs, wait);
      const stopAbort = onAbort(options.signal, () => reject(options.signal?.reason as Error));
      this.#waits.add(wait);
      stop = () => {
        timer.cancel();
        stopAbort();
        this.#waits.delete(wait);
      };
    });
    this.review();
    return waiting.finally(stop);
  }

  #startTimer(timeoutMs: number, wait: Wait): Timer {
    const clock = this.#sources.clock();
    return clock.schedule(clock.now() + timeoutMs, () => {
      const alive = this.#alive().map((peer) => peer.address);
      const names = alive.slice(0, PEERS_NAMED).join(', ');
      const found = alive.length === 0 ? 'none is alive' : `${alive.length} alive: ${names}`;
      wait.reject(new MeshError('MESH_ERR_TIMEOUT', `waited ${timeoutMs} ms for ${wait.count} peers, and ${found}`));
    });
  }

  #alive(): readonly MeshPeer[] {
    return this.list().filter((peer) => peer.state === 'alive');
  }
}

function wallClockAt(clock: Clock, at: Instant): number {
  return Math.round(clock.wallClockMs() - (clock.now() - at));
}
