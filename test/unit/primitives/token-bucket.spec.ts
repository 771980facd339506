import { describe, expect, it } from '@jest/globals';

import { TokenBucket } from '../../../lib/primitives/token-bucket.js';

const TERMS = { perMs: 10, burst: 1000 } as const;

describe('TokenBucket', () => {
  it('lets a burst pass, and then no more', () => {
    const bucket = new TokenBucket(0, TERMS);
    expect([bucket.take(0, 600), bucket.take(0, 400), bucket.take(0, 1)]).toEqual([true, true, false]);
  });

  it('spends nothing where it refuses', () => {
    const bucket = new TokenBucket(0, TERMS);
    expect([bucket.take(0, 1001), bucket.take(0, 1000)]).toEqual([false, true]);
  });

  it('tells what is allowed and spends nothing', () => {
    const bucket = new TokenBucket(0, TERMS);
    expect([bucket.holds(0, 1000), bucket.holds(0, 1000), bucket.holds(0, 1001)]).toEqual([true, true, false]);
    bucket.take(0, 1000);
    expect([bucket.holds(9.9, 100), bucket.holds(10, 100), bucket.take(10, 100)]).toEqual([false, true, true]);
  });

  it('fills at its rate, and not above the burst', () => {
    const bucket = new TokenBucket(0, TERMS);
    bucket.take(0, 1000);
    expect([bucket.take(9.9, 100), bucket.take(10, 100), bucket.take(10, 1)]).toEqual([false, true, false]);
    expect([bucket.take(1e6, 1001), bucket.take(1e6, 1000), bucket.take(1e6, 1)]).toEqual([false, true, false]);
  });

  it('bounds what passes in the long run by its rate', () => {
    const bucket = new TokenBucket(0, TERMS);
    let passed = 0;
    for (let now = 0; now < 10_000; now += 0.5) if (bucket.take(now, 37)) passed += 37;
    expect(passed).toBeGreaterThan(100_000);
    expect(passed).toBeLessThanOrEqual(101_000);
  });
});
