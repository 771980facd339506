import { describe, expect, it } from '@jest/globals';

import { randomBelow } from '../../../lib/primitives/random.js';
import { RepairRing } from '../../../lib/reliability/repair-ring.js';
import { randomNodeId } from '../../../lib/simulation/simulated-config.js';
import { SeededRandom } from '../../../lib/primitives/seeded-random.js';

const ENTRY_BYTES = 320;
const A = randomNodeId(new SeededRandom(1));
const B = randomNodeId(new SeededRandom(2));

function ringOf(bytes = 1e9, ageMs = 1e9): RepairRing {
  return new RepairRing({ bytes, ageMs });
}

function keep(ring: RepairRing, now: number, sequence: number, { origin = A, length = 80 } = {}): void {
  ring.keep(now, { origin, sequence, type: 3, body: Buffer.alloc(length, sequence) });
}

describe('RepairRing', () => {
  it('finds what it keeps by origin and sequence, as it was', () => {
    const ring = ringOf();
    keep(ring, 5, 7);
    expect(ring.find(A, 7)).toMatchObject({ origin: A, sequence: 7, type: 3, at: 5, asked: 0 });
    expect(ring.find(A, 7)?.body).toEqual(Buffer.alloc(80, 7));
    expect([ring.find(B, 7), ring.find(A, 6), ring.oldest(B)]).toEqual([undefined, undefined, undefined]);
  });

  it('keeps a copy', () => {
    const ring = ringOf();
    const body = Buffer.from('said');
    ring.keep(0, { origin: A, sequence: 1, type: 3, body });
    body.fill(0);
    expect(ring.find(A, 1)?.body.toString()).toBe('said');
  });

  it('keeps each once: the first', () => {
    const ring = ringOf();
    keep(ring, 0, 1, { length: 10 });
    keep(ring, 9, 1, { length: 20 });
    expect([ring.find(A, 1)?.body.length, ring.find(A, 1)?.at, ring.bytes]).toEqual([10, 0, 10 + ENTRY_BYTES]);
  });

  it('lets go of the oldest when it takes more bytes than it may, with what each costs beside its own', () => {
    const ring = ringOf(4 * (80 + ENTRY_BYTES));
    for (let sequence = 1; sequence <= 4; sequence++) keep(ring, 0, sequence);
    expect([ring.oldest(A), ring.bytes]).toEqual([1, 1600]);
    keep(ring, 0, 5);
    expect([ring.oldest(A), ring.find(A, 1), ring.bytes]).toEqual([2, undefined, 1600]);
    keep(ring, 0, 6, { length: 81 });
    expect([ring.oldest(A), ring.bytes]).toEqual([4, 1201]);
  });

  it('keeps nothing that is more than all it may keep', () => {
    const ring = ringOf(300);
    keep(ring, 0, 1);
    expect([ring.bytes, ring.oldest(A)]).toEqual([0, undefined]);
  });

  it('lets go of what is too old, when it keeps more or is told to', () => {
    const ring = ringOf(1e9, 1000);
    keep(ring, 0, 1);
    keep(ring, 500, 2);
    ring.prune(1000);
    expect(ring.oldest(A)).toBe(1);
    ring.prune(1000.1);
    expect([ring.oldest(A), ring.find(A, 1)]).toEqual([2, undefined]);
    keep(ring, 9000, 3);
    expect([ring.oldest(A), ring.bytes]).toEqual([3, 400]);
    ring.prune(20_000);
    expect([ring.oldest(A), ring.bytes]).toEqual([undefined, 0]);
  });

  it('takes the oldest of all origins together', () => {
    const ring = ringOf(3 * (80 + ENTRY_BYTES));
    keep(ring, 0, 100, { origin: B });
    for (let sequence = 1; sequence <= 3; sequence++) keep(ring, 0, sequence);
    expect([ring.oldest(A), ring.oldest(B)]).toEqual([1, undefined]);
    keep(ring, 0, 101, { origin: B });
    expect([ring.oldest(A), ring.oldest(B), ring.find(B, 101)?.sequence]).toEqual([2, 101, 101]);
  });

  it('never takes more than its bytes, whatever comes (seed 3)', () => {
    const random = new SeededRandom(3);
    const ring = ringOf(50_000, 700);
    let most = 0;
    let sum = 0;
    for (let step = 1; step <= 5000; step++) {
      keep(ring, step, step, { origin: step % 3 === 0 ? A : B, length: randomBelow(random, 1152) });
      most = Math.max(most, ring.bytes);
      if (ring.bytes > 50_000) throw new Error(`${ring.bytes} bytes at ${step}`);
    }
    for (let sequence = 1; sequence <= 5000; sequence++) {
      const body = (ring.find(A, sequence) ?? ring.find(B, sequence))?.body;
      if (body === undefined) continue;
      sum += body.length + ENTRY_BYTES;
      // Memory is used again, and never that of what is still kept.
      if (!body.equals(Buffer.alloc(body.length, sequence))) throw new Error(`${sequence} is not what was kept`);
    }
    expect([sum, most > 48_000]).toEqual([ring.bytes, true]);
  });
});
