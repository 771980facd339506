import { describe, expect, it } from '@jest/globals';

import { randomBelow } from '../../../lib/primitives/random.js';
import {
  ReceiveWindow,
  type Sighting,
  WINDOW_SIZE,
  type WindowSnapshot,
} from '../../../lib/reliability/receive-window.js';
import { SeededRandom } from '../../../lib/primitives/seeded-random.js';

const STEPS = 20_000;
const CHECK_EVERY = 40;

/** The same by the book: sets of all that was seen and made up for, as large as they may become. */
class Model {
  readonly window: ReceiveWindow;
  readonly sightings: Record<Sighting, number> = { new: 0, late: 0, duplicate: 0, beyond: 0 };
  /** Neither seen nor made up for, from the baseline to the top. */
  readonly open = new Set<number>();
  /** Seen, and when. */
  readonly #seen = new Map<number, number>();
  /** Made up for before a step back: the window may have forgotten that, and ask once more. */
  readonly #reopened = new Set<number>();
  #top: number;
  #step = 0;
  #snapshot: { readonly of: WindowSnapshot; readonly step: number } | undefined;

  constructor(baseline: number) {
    this.window = new ReceiveWindow(baseline);
    this.#top = baseline;
  }

  get top(): number {
    return this.#top;
  }

  see(sequence: number): void {
    const expected = this.#expect(sequence);
    const sighting = this.window.see(sequence);
    this.#step++;
    this.sightings[sighting]++;
    if (!expected.includes(sighting)) throw new Error(`${sequence} is ${sighting}, not ${expected.join(' or ')}`);
    if (sighting !== 'new' && sighting !== 'late') return;
    this.#raise(sequence);
    this.open.delete(sequence);
    this.#seen.set(sequence, this.#step);
  }

  extendTo(top: number): void {
    this.window.extendTo(top);
    this.#raise(top);
  }

  close(from: number, upTo: number): void {
    this.window.close(from, upTo);
    this.#raise(upTo);
    for (const sequence of this.open) if (sequence >= from && sequence <= upTo) this.#makeUp(sequence);
  }

  loseTo(upTo: number): void {
    this.window.loseTo(upTo);
    this.#raise(upTo);
  }

  snapshot(): void {
    this.#snapshot = { of: this.window.snapshot(), step: this.#step };
  }

  /** The origin had come so far when the snapshot was taken; what was seen since is its word. */
  retract(back: number): void {
    const snapshot = this.#snapshot;
    this.#snapshot = undefined;
    const highest = (snapshot?.of.top ?? 0) - back;
    if (snapshot === undefined || highest < 0) return;
    this.window.retract(highest, snapshot.of);
    for (const [sequence, step] of this.#seen) {
      if (sequence <= highest) continue;
      if (step > snapshot.step) continue;
      this.#seen.delete(sequence);
      this.open.add(sequence);
    }
    for (let sequence = highest + 1; sequence <= this.#top; sequence++) {
      if (!this.#seen.has(sequence)) this.#reopened.add(sequence);
    }
    this.#lower(highest);
  }

  /** Whatever is open is missing or lost, and nothing else is missing. */
  check(): void {
    const { window, open } = this;
    if (window.top !== this.#top) throw new Error(`the top is ${window.top}, not ${this.#top}`);
    const missing = new Set<number>();
    for (const { from, to } of window.missing(window.contiguous + 1, window.top)) {
      for (let sequence = from; sequence <= to; sequence++) missing.add(sequence);
    }
    for (const sequence of open) {
      if (!missing.has(sequence) && !this.#isLost(sequence)) throw new Error(`${sequence} is forgotten`);
      if (sequence <= window.contiguous) throw new Error(`${sequence} is missing below ${window.contiguous}`);
    }
    for (const sequence of missing) {
      if (!open.has(sequence) && !this.#reopened.has(sequence)) throw new Error(`${sequence} is not missing`);
    }
    if (window.whole && open.size > 0) throw new Error(`${open.size} are missing of a whole`);
  }

  #expect(sequence: number): readonly Sighting[] {
    if (sequence > this.#top + WINDOW_SIZE) return ['beyond'];
    if (sequence > this.#top) return ['new'];
    if (this.#seen.has(sequence)) return ['duplicate'];
    if (this.open.has(sequence) && !this.#isLost(sequence)) return ['late'];
    // What was made up for may come and be told apart, or not any more.
    return ['late', 'duplicate'];
  }

  #isLost(sequence: number): boolean {
    const { lost } = this.window;
    return lost !== undefined && sequence >= lost.from && sequence <= lost.to;
  }

  #makeUp(sequence: number): void {
    this.open.delete(sequence);
    this.#reopened.delete(sequence);
  }

  #raise(top: number): void {
    while (this.#top < top) {
      this.open.add(++this.#top);
      this.#reopened.delete(this.#top);
    }
  }

  /** Where the window has stepped back to: not below what the origin said, nor below what was seen since. */
  #lower(highest: number): void {
    const { top } = this.window;
    if (top < highest || top > this.#top) throw new Error(`it stepped back from ${this.#top} to ${top}`);
    for (const sequence of this.#seen.keys()) if (sequence > top) throw new Error(`${sequence} is above the top`);
    for (; this.#top > top; this.#top--) this.open.delete(this.#top);
  }
}

/** A sequence around the edges of the window more often than anywhere else. */
function near(random: SeededRandom, top: number): number {
  const edges = [0, 0, 0, 0, 0, 0, 1, -1, 8, -30, -30, -300, WINDOW_SIZE, -WINDOW_SIZE, -WINDOW_SIZE / 2];
  // Few of them go far ahead, as the others are behind then.
  const edge = edges[randomBelow(random, randomBelow(random, 9) === 0 ? edges.length : edges.length - 4)]!;
  return Math.max(0, top + edge + randomBelow(random, 9) - 4);
}

function takeStep(random: SeededRandom, model: Model): void {
  const { top } = model;
  const from = Math.max(1, top - randomBelow(random, 3 * WINDOW_SIZE));
  switch (randomBelow(random, 250)) {
    case 0:
      return model.extendTo(top + randomBelow(random, 2 * WINDOW_SIZE) - WINDOW_SIZE);
    case 1:
      return model.close(from, from + randomBelow(random, 4 * WINDOW_SIZE));
    case 2:
      return model.loseTo(top - randomBelow(random, 2 * WINDOW_SIZE) + 100);
    case 3:
    case 4:
      return model.close(0, top);
    case 5:
    case 6:
      return model.snapshot();
    case 7:
    case 8:
      return model.retract(1 + randomBelow(random, randomBelow(random, 2) === 0 ? 20 : 2000));
    case 9:
      return model.see(top + WINDOW_SIZE + 1 + randomBelow(random, 2 ** 31));
    default:
      return model.see(near(random, top));
  }
}

describe('ReceiveWindow, beside sets of all that was seen and made up for', () => {
  it.each([
    { seed: 1, baseline: 0 },
    { seed: 2, baseline: 1023 },
    { seed: 3, baseline: 2 ** 31 - 512 },
    { seed: 4, baseline: 2 ** 32 - 1 },
    { seed: 5, baseline: 2 ** 47 + 77 },
    { seed: 6, baseline: 0 },
  ])('forgets nothing that is missing, from $baseline on (seed $seed)', ({ seed, baseline }) => {
    const random = new SeededRandom(seed);
    const model = new Model(baseline);
    for (let step = 0; step < STEPS; step++) {
      try {
        takeStep(random, model);
        if (step % CHECK_EVERY === 0) model.check();
      } catch (cause) {
        throw new Error(`seed ${seed}, step ${step}`, { cause });
      }
    }
    expect(Math.min(...Object.values(model.sightings))).toBeGreaterThan(50);
    expect(model.top).toBeGreaterThan(baseline + 10 * WINDOW_SIZE);
  });
});
