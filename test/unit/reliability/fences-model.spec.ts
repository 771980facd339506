import { describe, expect, it } from '@jest/globals';
import { Glob } from '../../../lib/delivery/glob.js';
import { bucketOf, BucketSet } from '../../../lib/primitives/bucket-set.js';
import { randomBelow } from '../../../lib/primitives/random.js';
import { type Fence, Fences, PATTERNS_KEPT } from '../../../lib/reliability/fences.js';
import { SeededRandom } from '../../../lib/primitives/seeded-random.js';

/** Four keys of one bucket and four of others, so that keys meet in buckets as they seldom do by chance. */
const KEYS = [...keysOfBucket(bucketOf('user:1'), 4), 'user:1', 'user:22', 'order:1', 'order:333'];
const PATTERNS = ['*', 'user:*', 'order:?', 'user:[12]', 'k*', 'nothing:*', 'nothing:*', 'nothing:*'];
const NO_KEY = 'nothing:*';

function keysOfBucket(bucket: number, count: number): string[] {
  const keys: string[] = [];
  for (let number = 0; keys.length < count; number++) if (bucketOf(`k${number}`) === bucket) keys.push(`k${number}`);
  return keys;
}

/** One thing that happened, and which keys are concerned: those that must not be current, and those that may not be. */
interface Happening {
  readonly isPattern: boolean;
  readonly concerns: (key: string) => boolean;
}

interface Watched {
  readonly key: string;
  readonly fence: Fence;
  /** Number of the first happening that it has to know of. */
  readonly since: number;
  /** Number of the first one at or behind its last check that found it current. */
  checked: number;
}

/** By the definition: a list of all that happened, gone through each time. */
class Model {
  readonly fences: Fences;
  readonly happenings: Happening[] = [];
  isOpen = true;

  constructor() {
    this.fences = new Fences({ isOpen: () => this.isOpen, compile: (pattern) => new Glob(pattern) });
  }

  isCurrent({ key, since, checked }: Watched): boolean {
    const patterns = this.happenings.slice(checked).filter(({ isPattern }) => isPattern).length;
    if (!this.isOpen || patterns > PATTERNS_KEPT) return false;
    return !this.happenings.slice(since).some(({ concerns }) => concerns(key));
  }

  happen(random: SeededRandom): void {
    const kind = randomBelow(random, 100);
    if (kind < 40) this.#moveKey(KEYS[randomBelow(random, KEYS.length)]!);
    else if (kind < 95) this.#movePattern(PATTERNS[randomBelow(random, PATTERNS.length)]!);
    else if (kind < 98) this.#moveBuckets([KEYS[randomBelow(random, KEYS.length)]!, 'another']);
    else this.#moveAll();
  }

  /** About as many patterns as are kept, of which none matches: then their number alone decides. */
  passPatterns(random: SeededRandom): void {
    for (let count = PATTERNS_KEPT - 3 + randomBelow(random, 7); count > 0; count--) this.#movePattern(NO_KEY);
  }

  #moveKey(key: string): void {
    this.fences.moveKey(key);
    this.happenings.push({ isPattern: false, concerns: (other) => bucketOf(other) === bucketOf(key) });
  }

  #movePattern(pattern: string): void {
    const glob = new Glob(pattern);
    this.fences.movePattern(pattern);
    this.happenings.push({ isPattern: true, concerns: (key) => glob.matches(key) });
  }

  #moveBuckets(keys: readonly string[]): void {
    const buckets = new BucketSet();
    for (const key of keys) buckets.add(bucketOf(key));
    this.fences.moveBuckets(buckets);
    this.happenings.push({ isPattern: false, concerns: (key) => buckets.has(bucketOf(key)) });
  }

  #moveAll(): void {
    this.fences.moveAll();
    this.happenings.push({ isPattern: false, concerns: () => true });
  }
}

/** Makes, moves and asks fences by chance. Returns how often a fence was found current, and how often not. */
function play(seed: number): { current: number; moved: number } {
  const random = new SeededRandom(seed);
  const model = new Model();
  const seen = { current: 0, moved: 0 };
  let watched: Watched[] = [];
  for (let step = 0; step < 400; step++) {
    const what = randomBelow(random, 10);
    if (what < 3) {
      const key = KEYS[randomBelow(random, KEYS.length)]!;
      const since = model.happenings.length;
      watched.push({ key, fence: model.fences.make(key), since, checked: since });
    } else if (what < 6) {
      if (randomBelow(random, 4) === 0) model.passPatterns(random);
      else model.happen(random);
    } else if (what < 7 && watched.length > 40) {
      watched = watched.slice(20);
    }
    model.isOpen = randomBelow(random, 20) > 0;
    const asked = watched[randomBelow(random, watched.length)];
    if (asked === undefined) continue;
    const expected = model.isCurrent(asked);
    if (asked.fence.isCurrent() !== expected) {
      throw new Error(`seed ${seed}, step ${step}: the fence of ${asked.key} is ${expected ? 'moved' : 'current'}`);
    }
    if (expected) asked.checked = model.happenings.length;
    seen[expected ? 'current' : 'moved']++;
  }
  return seen;
}

describe('Fences', () => {
  it('are current exactly when nothing has happened that concerns them', () => {
    const seen = { current: 0, moved: 0 };
    for (let seed = 1; seed <= 300; seed++) {
      const { current, moved } = play(seed);
      seen.current += current;
      seen.moved += moved;
    }
    // Nothing was tested where one of the answers was never given.
    expect(Math.min(seen.current, seen.moved)).toBeGreaterThan(5000);
  });
});
