import { performance } from 'node:perf_hooks';
import { MeshError } from '../errors/mesh-error.js';
import type { Instant } from '../primitives/instant.js';
import type { MemoryClock } from './memory-clock.js';
import type { Goal } from './pacer.js';
import type { UnderWay } from './under-way.js';

/** Behind so many heartbeats of silence a peer has been given up, and whatever is missing been asked for. */
const CALM_HEARTBEATS = 6;
/** The longest pause of a repair, whatever the heartbeat is. */
const CALM_MS = 6000;
/** Handlers that have published in each of so many seconds, for each other's events, will not come to an end. */
const STORM_SECONDS = 5;
const SECOND_MS = 1000;
/** Turns for what hears of it by promises, such as the reader of a stream. */
const LAST_TURNS = 2;

interface SettlingParts {
  readonly clock: MemoryClock;
  readonly underWay: UnderWay;
  /** How long handlers may take when nothing else happens any more, in real milliseconds. */
  readonly timeoutMs: number;
  readonly resolve: () => void;
  readonly reject: (error: MeshError) => void;
}

/** Lets time pass until nothing has happened for so long that nothing more will, and all handlers have ended. */
export class Settling implements Goal {
  readonly #parts: SettlingParts;
  #calmSince: Instant;
  #secondAt: Instant;
  #stormySeconds = 0;
  #published: number;
  #traces: string;
  #turns = 0;
  #waitingSinceMs: number | undefined;

  constructor(parts: SettlingParts) {
    this.#parts = parts;
    this.#calmSince = this.#secondAt = parts.clock.now();
    this.#published = parts.underWay.published;
    this.#traces = parts.underWay.traces();
  }

  get horizon(): Instant {
    return this.#calmSince + Math.max(CALM_MS, CALM_HEARTBEATS * this.#parts.underWay.longestHeartbeatMs);
  }

  review(nextAt: Instant | undefined): boolean {
    const { underWay, resolve } = this.#parts;
    if (this.#isStorm()) return this.#fail(`in ${STORM_SECONDS} s of its time`, 'events are published without end');
    if (nextAt !== undefined && nextAt <= this.horizon) return false;
    if (this.#hasMoved()) return false;
    if (underWay.list().length > 0) return this.#waitsInVain();
    this.#waitingSinceMs = undefined;
    if (++this.#turns <= LAST_TURNS) return false;
    resolve();
    return true;
  }

  #isStorm(): boolean {
    const { clock, underWay } = this.#parts;
    if (clock.now() < this.#secondAt + SECOND_MS) return false;
    const { published } = underWay;
    this.#stormySeconds = published > this.#published ? this.#stormySeconds + 1 : 0;
    this.#published = published;
    this.#secondAt = clock.now();
    return this.#stormySeconds >= STORM_SECONDS;
  }

  #hasMoved(): boolean {
    const traces = this.#parts.underWay.traces();
    if (traces === this.#traces) return false;
    this.#traces = traces;
    this.#calmSince = this.#parts.clock.now();
    this.#turns = 0;
    this.#waitingSinceMs = undefined;
    return true;
  }

  /** By a clock that no fake timers replace: the handlers wait for something that is real. */
  #waitsInVain(): boolean {
    const { timeoutMs, underWay } = this.#parts;
    const now = performance.now();
    this.#waitingSinceMs ??= now;
    if (now - this.#waitingSinceMs < timeoutMs) return false;
    return this.#fail(`within ${timeoutMs} ms`, underWay.list().join('; '));
  }

  #fail(within: string, why: string): true {
    this.#parts.reject(new MeshError('MESH_ERR_TIMEOUT', `the mesh did not settle ${within}: ${why}`));
    return true;
  }
}
