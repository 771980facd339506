import type { Endpoint } from '../primitives/endpoint.js';
import { type Instant, NEVER } from '../primitives/instant.js';
import type { MeshNode } from '../core/mesh-node.js';
import type { NodeEvent } from '../core/node-event.js';
import { ReceiveQueue } from './receive-queue.js';
import type { DeliveredKey, SimulatedNode } from './simulated-node.js';
import type { Carriage } from './simulator-observer.js';

/** A timer that fires this often at one instant will never let time pass. */
const WAKES_AT_ONE_INSTANT = 1000;
/** After a stall Node runs its timers first, and reads its sockets a moment later. */
const SOCKET_AFTER_TIMERS_MS = 0.01;

/** The process that a node runs in, as the simulator sees it. */
export class SimulatedHost implements SimulatedNode {
  readonly node: MeshNode;
  readonly events: NodeEvent[] = [];
  readonly delivered: DeliveredKey[] = [];
  /** What has arrived and is not read yet. */
  readonly unread = new ReceiveQueue<Carriage>();
  endpoint: Endpoint;
  running = true;
  /** While it stands still, what happens to it waits until then. */
  stalledUntil: Instant = -NEVER;
  /** While the machine is suspended, nothing that arrives is kept. */
  asleepUntil: Instant = -NEVER;
  /** While it handles what it has read, it reads nothing. */
  busyUntil: Instant = -NEVER;
  /** A happening is under way that makes it read what is unread. */
  willRead = false;
  /** How far its clocks are ahead of the simulator's: the monotonic one, and the wall clock ahead of that. */
  clockAheadMs = 0;
  wallClockAheadMs = 0;
  /** When its timer is set to fire, by the simulator's clock and by its own. */
  wakesAt: Instant = NEVER;
  deadline: Instant = NEVER;
  wakes = 0;
  #clock: Instant = 0;
  #lastWakeAt: Instant = -NEVER;
  #wakesAtOnce = 0;

  constructor(endpoint: Endpoint, node: MeshNode) {
    this.endpoint = endpoint;
    this.node = node;
  }

  /** What its monotonic clock shows, at least `atLeast`: what rounding has taken off a deadline must not wake it twice. */
  clock(now: Instant, atLeast = -NEVER): Instant {
    this.#clock = Math.max(this.#clock, now + this.clockAheadMs, atLeast);
    return this.#clock;
  }

  /** When it reads from its sockets next, if that is not now. */
  readsAt(now: Instant): Instant {
    const stalled = now < this.stalledUntil ? this.stalledUntil + SOCKET_AFTER_TIMERS_MS : now;
    return Math.max(stalled, this.busyUntil);
  }

  /** @throws Error when the node keeps asking to be woken without letting time pass: a real one would burn a core */
  countWake(now: Instant): void {
    this.wakes++;
    this.#wakesAtOnce = now === this.#lastWakeAt ? this.#wakesAtOnce + 1 : 1;
    this.#lastWakeAt = now;
    if (this.#wakesAtOnce <= WAKES_AT_ONE_INSTANT) return;
    throw new Error(`the node at ${this.endpoint} asks to be woken again and again at ${now} ms`);
  }

  record(now: Instant, event: NodeEvent): void {
    this.events.push(event);
    if (event.kind === 'status' && event.status === 'left') this.running = false;
    if (event.kind !== 'keys') return;
    for (const key of event.keys) this.delivered.push({ at: now, key, sequence: event.sequence });
  }
}
