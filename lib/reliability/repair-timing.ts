import { type Random, randomFraction } from '../primitives/random.js';

/** A datagram that was overtaken mostly arrives within this time: asking sooner asks for what is on its way. */
const FIRST_DELAY_MS = 5;
/** All who missed it ask at random within this time more, so that the first answers serve the others. */
const FIRST_SPREAD_MS = 10;
/** With more nodes than this the spread grows with their logarithm (RFC 5401 § 4.2). */
const SPREAD_NODES = 16;
const RETRY_MS = 25;
const RETRY_FACTOR = 1.6;
const LONGEST_RETRY_MS = 250;
/** Retries come this much earlier or later, so that nodes do not ask in step. */
const RETRY_JITTER = 0.2;

/** How long after a gap is seen it is asked for. */
export function firstAskDelayMs(random: Random, nodeCount: number): number {
  const growth = Math.max(1, Math.log(nodeCount) / Math.log(SPREAD_NODES));
  return FIRST_DELAY_MS + FIRST_SPREAD_MS * growth * randomFraction(random);
}

/** How long after the `tries`-th question the next one comes; `tries` counts from 1. */
export function retryDelayMs(random: Random, tries: number): number {
  const pause = Math.min(RETRY_MS * RETRY_FACTOR ** (tries - 1), LONGEST_RETRY_MS);
  return pause * (1 - RETRY_JITTER + 2 * RETRY_JITTER * randomFraction(random));
}
