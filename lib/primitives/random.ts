/**
 * Where chance comes from. The runtime gives the operating system's generator, as nonces must not be guessable; the
 * simulator gives a seeded one, so that one seed makes one trace.
 */
export interface Random {
  /** A whole number, uniform over 0 to 2^32 - 1. */
  u32(): number;
}

const U32_RANGE = 0x1_0000_0000;

/** A fraction, uniform over 0 (included) to 1 (excluded). */
export function randomFraction(random: Random): number {
  return random.u32() / U32_RANGE;
}

/** A whole number, uniform over 0 (included) to `bound` (excluded), for bounds that are small against 2^32. */
export function randomBelow(random: Random, bound: number): number {
  return Math.floor(randomFraction(random) * bound);
}
