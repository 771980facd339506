import { isThenable } from '../primitives/is-thenable.js';

/**
 * Evicts each of the keys, whatever becomes of another.
 *
 * @param evict may be asynchronous
 * @returns a promise where one of them is
 * @throws the first failure, when all have been tried
 */
export function evictEach(keys: readonly string[], evict: (key: string) => unknown): unknown {
  const running: PromiseLike<unknown>[] = [];
  const failures: unknown[] = [];
  for (const key of keys) {
    try {
      const result = evict(key);
      if (isThenable(result)) running.push(result);
    } catch (failure) {
      failures.push(failure);
    }
  }
  if (running.length > 0) return whenSettled(running, failures);
  if (failures.length > 0) throw failures[0];
  return undefined;
}

async function whenSettled(running: readonly PromiseLike<unknown>[], failures: readonly unknown[]): Promise<void> {
  const outcomes = await Promise.allSettled(running);
  const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
  for (const failure of [...failures, ...reasons]) throw failure;
}
