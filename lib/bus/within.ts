import type { Clock } from '../runtime/ports.js';
import { deferred } from './deferred.js';

/** Resolves with the promise, or after so long without it. */
export function within(clock: Clock, ms: number, promise: Promise<void>): Promise<void> {
  const grace = deferred();
  const timer = clock.schedule(clock.now() + ms, grace.resolve);
  return Promise.race([promise, grace.promise]).finally(() => timer.cancel());
}
