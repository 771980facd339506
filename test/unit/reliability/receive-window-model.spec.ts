import { describe, expect, it } from '@jest/globals';
import { randomBelow } from '../../../lib/primitives/random.js';
import { ReceiveWindow, type Sighting, WINDOW_SIZE } from '../../../lib/reliability/receive-window.js';
import { SeededRandom } from '../../../lib/simulation/seeded-random.js';

/** Of each of five runs. */
const STEPS = 20_000;
const AROUND = new Array<number>(22).fill(0);
const FORGED = [2 ** 31, 2 ** 32, 2 ** 47, 2 ** 48 - 1] as const;

/** The same by the book: a set of all that was seen, as large as it may become. */
class Model {
  highest: number;
  readonly #baseline: number;
  readonly #seen = new Set<number>();

  constructor(baseline: number) {
    this.#baseline = baseline;
    this.highest = baseline;
  }

  see(sequence: number): Sighting {
    if (sequence > this.highest + WINDOW_SIZE) return 'beyond';
    const isPast = sequence <= this.#baseline || sequence <= this.highest - WINDOW_SIZE;
    if (isPast || this.#seen.has(sequence)) return 'duplicate';
    this.#seen.add(sequence);
    this.highest = Math.max(this.highest, sequence);
    return 'new';
  }

  confirmHighest(highest: number): void {
    if (highest > this.highest + WINDOW_SIZE) this.highest = highest;
  }
}

/** A sequence around the edges of the window more often than anywhere else. */
function sequenceNear(random: SeededRandom, highest: number): number {
  // Few of them go far ahead, as each of those costs a walk over the whole bitmap.
  const edges = [...AROUND, WINDOW_SIZE, -WINDOW_SIZE, -WINDOW_SIZE / 2];
  const edge = edges[randomBelow(random, edges.length)]!;
  return Math.max(0, highest + edge + randomBelow(random, 9) - 4);
}

describe('ReceiveWindow, beside a set of all that was seen', () => {
  it.each([
    { seed: 1, baseline: 0 },
    { seed: 2, baseline: 1023 },
    { seed: 3, baseline: 2 ** 31 - 512 },
    { seed: 4, baseline: 2 ** 32 - 1 },
    { seed: 5, baseline: 2 ** 47 + 77 },
  ])('sees the same from $baseline on (seed $seed)', ({ seed, baseline }) => {
    const random = new SeededRandom(seed);
    const window = new ReceiveWindow(baseline);
    const model = new Model(baseline);
    const sightings: Record<Sighting, number> = { new: 0, duplicate: 0, beyond: 0 };
    for (let step = 0; step < STEPS; step++) {
      if (randomBelow(random, 200) === 0) {
        const confirmed = model.highest + randomBelow(random, 3 * WINDOW_SIZE) - WINDOW_SIZE;
        window.confirmHighest(confirmed);
        model.confirmHighest(confirmed);
      }
      const isForged = randomBelow(random, 1000) === 0;
      const sequence = isForged ? model.highest + WINDOW_SIZE + 1 + step : sequenceNear(random, model.highest);
      const expected = model.see(sequence);
      const sighting = window.see(sequence);
      // A comparison by hand: so many calls of `expect` take seconds.
      if (sighting !== expected || window.highest !== model.highest) {
        throw new Error(`step ${step}: ${sequence} is ${sighting}, not ${expected}; highest is ${window.highest}`);
      }
      sightings[expected]++;
    }
    expect(Math.min(...Object.values(sightings))).toBeGreaterThan(100);
    expect(window.highest).toBeGreaterThan(baseline + 20 * WINDOW_SIZE);
  });

  it.each([1, 31, 32, 33, 1023, 1024])('takes each once on its way round the bitmap, in steps of %d', (step) => {
    const window = new ReceiveWindow(0);
    let sequence = 0;
    for (let round = 0; round < Math.max(50, 1100 / step); round++) {
      sequence += step;
      const sightings = [window.see(sequence), window.see(sequence), window.see(sequence - step)];
      expect({ sequence, sightings }).toEqual({ sequence, sightings: ['new', 'duplicate', 'duplicate'] });
    }
  });

  it.each([1, 1023, 1024, 1025])('after a jump by two windows and %d, mixes up none that share a bit', (offset) => {
    const window = new ReceiveWindow(0);
    window.confirmHighest(offset + 2 * WINDOW_SIZE);
    const { highest } = window;
    // All three have one place in the bitmap.
    const sightings = [highest, highest - WINDOW_SIZE, highest + WINDOW_SIZE, highest].map((each) => window.see(each));
    expect(sightings).toEqual(['new', 'duplicate', 'new', 'duplicate']);
  });

  it('goes on as before after any number of forged claims', () => {
    const window = new ReceiveWindow(0);
    for (let sequence = 1; sequence <= 200; sequence++) {
      for (const claim of FORGED) expect(window.see(claim)).toBe('beyond');
      expect(window.see(sequence)).toBe('new');
    }
    expect(window.highest).toBe(200);
  });
});
