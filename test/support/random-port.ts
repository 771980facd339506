import { randomInt } from 'node:crypto';

/**
 * A port that nobody is likely to use: below the range from which the kernel takes its own, so that no socket which
 * asked for any port sits on it.
 */
export function randomPort(): number {
  return randomInt(20_000, 32_000);
}
