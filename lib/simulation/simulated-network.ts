import type { Endpoint } from '../primitives/endpoint.js';
import { type Random, randomFraction } from '../primitives/random.js';

/** How a network treats datagrams. Probabilities are of each copy by itself. */
export interface NetworkConditions {
  readonly loss: number;
  readonly duplication: number;
  /** The probability that a copy takes up to ten times as long, and so is overtaken. */
  readonly reordering: number;
  /** The shortest way, and how much longer it may be at random. */
  readonly latencyMs: number;
  readonly jitterMs: number;
  /** How long the kernel takes for a datagram before it reports it as sent. */
  readonly sendMs: number;
  /** Whether datagrams to the group arrive at all. */
  readonly multicast: boolean;
}

export const CALM: NetworkConditions = {
  loss: 0,
  duplication: 0,
  reordering: 0,
  latencyMs: 0.5,
  jitterMs: 0.1,
  sendMs: 0.02,
  multicast: true,
};

export interface NetworkCounts {
  /** Datagrams, one for each receiver. */
  sent: number;
  lost: number;
  cut: number;
  duplicated: number;
  delayed: number;
  delivered: number;
}

const SLOW_FACTOR = 10;

/** Decides, by chance and by the cuts in force, when and how often each datagram arrives. */
export class SimulatedNetwork {
  conditions: NetworkConditions;
  readonly counts: NetworkCounts = { sent: 0, lost: 0, cut: 0, duplicated: 0, delayed: 0, delivered: 0 };
  readonly #random: Random;
  readonly #cuts = new Set<string>();
  readonly #deafToGroup = new Set<Endpoint>();

  constructor(random: Random, conditions: NetworkConditions) {
    this.#random = random;
    this.conditions = conditions;
  }

  /** Nothing from `from` reaches `to` any more; the way back is not touched. */
  cut(from: Endpoint, to: Endpoint): void {
    this.#cuts.add(`${from} ${to}`);
  }

  /** Cuts both ways between each of the one side and each of the other. */
  partition(one: readonly Endpoint[], other: readonly Endpoint[]): void {
    for (const left of one) {
      for (const right of other) {
        this.cut(left, right);
        this.cut(right, left);
      }
    }
  }

  /** What is sent to the group does not reach `to` any more, as behind a switch that has forgotten it. */
  cutGroup(to: Endpoint): void {
    this.#deafToGroup.add(to);
  }

  /** Undoes all cuts. */
  heal(): void {
    this.#cuts.clear();
    this.#deafToGroup.clear();
  }

  /** After how many milliseconds the copies of one datagram arrive: none, one, or two of them. */
  delays(from: Endpoint, to: Endpoint, viaGroup: boolean): readonly number[] {
    this.counts.sent++;
    if (this.#isCut(from, to, viaGroup)) {
      this.counts.cut++;
      return [];
    }
    const copies = this.#happens(this.conditions.duplication) ? 2 : 1;
    if (copies === 2) this.counts.duplicated++;
    const delays: number[] = [];
    for (let copy = 0; copy < copies; copy++) {
      if (this.#happens(this.conditions.loss)) this.counts.lost++;
      else delays.push(this.#delay());
    }
    this.counts.delivered += delays.length;
    return delays;
  }

  #isCut(from: Endpoint, to: Endpoint, viaGroup: boolean): boolean {
    if (viaGroup && (!this.conditions.multicast || this.#deafToGroup.has(to))) return true;
    return this.#cuts.size > 0 && this.#cuts.has(`${from} ${to}`);
  }

  #delay(): number {
    const delay = this.conditions.latencyMs + this.conditions.jitterMs * randomFraction(this.#random);
    if (!this.#happens(this.conditions.reordering)) return delay;
    this.counts.delayed++;
    return delay * (1 + (SLOW_FACTOR - 1) * randomFraction(this.#random));
  }

  /** Draws a number even for what never happens: a condition that is switched on late does not change what came before. */
  #happens(probability: number): boolean {
    return randomFraction(this.#random) < probability;
  }
}
