import { type Random, randomFraction } from '../primitives/random.js';

/**
 * Loss that comes in bursts, after E. N. Gilbert and E. O. Elliott: each directed link is either well or ill, and may
 * change with each datagram.
 */
export interface BurstConditions {
  /** The probability, per datagram, that a link falls ill. */
  readonly enter: number;
  /** The probability, per datagram, that it recovers. */
  readonly leave: number;
  /** The loss while it is ill. */
  readonly loss: number;
}

/** The links that are ill. */
export class BurstLoss {
  readonly #random: Random;
  readonly #ill = new Set<string>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** The loss that holds for the next datagram over this link. */
  next(link: string, conditions: BurstConditions, usualLoss: number): number {
    const isIll = this.#ill.has(link);
    if (randomFraction(this.#random) < (isIll ? conditions.leave : conditions.enter)) {
      if (isIll) this.#ill.delete(link);
      else this.#ill.add(link);
    }
    return this.#ill.has(link) ? conditions.loss : usualLoss;
  }
}
