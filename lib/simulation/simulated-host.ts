import type { Endpoint } from '../primitives/endpoint.js';
import { type Instant, NEVER } from '../primitives/instant.js';
import type { MeshNode } from '../core/mesh-node.js';
import type { NodeEvent } from '../core/node-event.js';
import type { DeliveredKey, SimulatedNode } from './simulated-node.js';

/** A timer that fires this often at one instant will never let time pass. */
const WAKES_AT_ONE_INSTANT = 1000;

/** The process that a node runs in, as the simulator sees it. */
export class SimulatedHost implements SimulatedNode {
  readonly node: MeshNode;
  readonly events: NodeEvent[] = [];
  readonly delivered: DeliveredKey[] = [];
  endpoint: Endpoint;
  running = true;
  /** While it stands still, what happens to it waits until then. */
  stalledUntil: Instant = -NEVER;
  /** When its timer is set to fire. */
  wakesAt: Instant = NEVER;
  wakes = 0;
  #lastWakeAt: Instant = -NEVER;
  #wakesAtOnce = 0;

  constructor(endpoint: Endpoint, node: MeshNode) {
    this.endpoint = endpoint;
    this.node = node;
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
