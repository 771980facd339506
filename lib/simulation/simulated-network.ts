import type { Endpoint } from '../primitives/endpoint.js';
import { type Random, randomFraction } from '../primitives/random.js';
import { type BurstConditions, BurstLoss } from './burst-loss.js';
import { DEFAULT_RECEIVE_BUFFER_BYTES } from './receive-queue.js';

/** How a network treats datagrams. Probabilities are of each copy by itself. */
export interface NetworkConditions {
  readonly loss: number;
  /** Further loss that comes in bursts. */
  readonly burst: BurstConditions | undefined;
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
  /** How much a host can hold that it has not read, in each of its two sockets. */
  readonly receiveBufferBytes: number;
  /** How long a host takes to read and handle one datagram. */
  readonly receiveMs: number;
}

export const CALM: NetworkConditions = {
  loss: 0,
  burst: undefined,
  duplication: 0,
  reordering: 0,
  latencyMs: 0.5,
  jitterMs: 0.1,
  sendMs: 0.02,
  multicast: true,
  receiveBufferBytes: DEFAULT_RECEIVE_BUFFER_BYTES,
  receiveMs: 0,
};

export interface NetworkCounts {
  /** Datagrams, one for each receiver. */
  sent: number;
  lost: number;
  cut: number;
  duplicated: number;
  delayed: number;
  /** Brought to where it was sent. */
  delivered: number;
  /** Of those, what found a full buffer. */
  overrun: number;
  /** Of those, what came to a machine that was suspended. */
  asleep: number;
}

const SLOW_FACTOR = 10;

/** Decides, by chance and by the cuts in force, when and how often each datagram arrives. */
export class SimulatedNetwork {
  conditions: NetworkConditions;
  readonly counts: NetworkCounts = {
    sent: 0,
    lost: 0,
    cut: 0,
    duplicated: 0,
    delayed: 0,
    delivered: 0,
    overrun: 0,
    asleep: 0,
  };
  readonly #random: Random;
  readonly #bursts: BurstLoss;
  readonly #lossOfLink = new Map<string, number>();
  readonly #cuts = new Set<string>();
  readonly #deafToGroup = new Set<Endpoint>();

  constructor(random: Random, conditions: NetworkConditions) {
    this.#random = random;
    this.#bursts = new BurstLoss(random);
    this.conditions = conditions;
  }

  /** Nothing from `from` reaches `to` any more; the way back is not touched. */
  cut(from: Endpoint, to: Endpoint): void {
    this.#cuts.add(linkOf(from, to));
  }

  /** The loss of one directed link, whatever holds for the others; `undefined` for that of the others. */
  setLoss(from: Endpoint, to: Endpoint, loss: number | undefined): void {
    if (loss === undefined) this.#lossOfLink.delete(linkOf(from, to));
    else this.#lossOfLink.set(linkOf(from, to), loss);
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

  /** Undoes all cuts, and what was said of single links. */
  heal(): void {
    this.#cuts.clear();
    this.#deafToGroup.clear();
    this.#lossOfLink.clear();
  }

  /** How many datagrams did not come to the node that they were sent to. */
  get dropped(): number {
    const { lost, cut, overrun, asleep } = this.counts;
    return lost + cut + overrun + asleep;
  }

  /** After how many milliseconds the copies of one datagram arrive: none, one, or two of them. */
  delays(from: Endpoint, to: Endpoint, viaGroup: boolean): readonly number[] {
    this.counts.sent++;
    if (this.isCut(from, to, viaGroup)) {
      this.counts.cut++;
      return [];
    }
    const copies = this.#happens(this.conditions.duplication) ? 2 : 1;
    if (copies === 2) this.counts.duplicated++;
    const loss = this.#lossOf(from, to);
    const delays: number[] = [];
    for (let copy = 0; copy < copies; copy++) {
      if (this.#happens(loss)) this.counts.lost++;
      else delays.push(this.#delay());
    }
    this.counts.delivered += delays.length;
    return delays;
  }

  isCut(from: Endpoint, to: Endpoint, viaGroup: boolean): boolean {
    if (viaGroup && (!this.conditions.multicast || this.#deafToGroup.has(to))) return true;
    return this.#cuts.size > 0 && this.#cuts.has(linkOf(from, to));
  }

  #lossOf(from: Endpoint, to: Endpoint): number {
    const { loss, burst } = this.conditions;
    if (burst === undefined && this.#lossOfLink.size === 0) return loss;
    const link = linkOf(from, to);
    const usual = this.#lossOfLink.get(link) ?? loss;
    return burst === undefined ? usual : this.#bursts.next(link, burst, usual);
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

function linkOf(from: Endpoint, to: Endpoint): string {
  return `${from} ${to}`;
}
