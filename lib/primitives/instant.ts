/**
 * A point on the monotonic clock, in milliseconds with fractions. It never goes back, says nothing about the time of
 * day, and is handed to the core with every input: the core owns no clock.
 */
export type Instant = number;

/** Later than everything: the deadline of a timer that is not set. */
export const NEVER: Instant = Number.POSITIVE_INFINITY;
