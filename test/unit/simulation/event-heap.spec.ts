import { describe, expect, it } from '@jest/globals';

import { EventHeap } from '../../../lib/simulation/event-heap.js';
import { SeededRandom } from '../../../lib/primitives/seeded-random.js';

describe('EventHeap', () => {
  it('is empty at first, and again at the end', () => {
    const heap = new EventHeap<string>();
    expect([heap.size, heap.nextAt(), heap.pop()]).toEqual([0, undefined, undefined]);
    heap.push(5, 'a');
    expect([heap.size, heap.nextAt(), heap.pop(), heap.size]).toEqual([1, 5, 'a', 0]);
  });

  it('gives what is at one instant in the order in which it was put in', () => {
    const heap = new EventHeap<number>();
    for (let value = 0; value < 100; value++) heap.push(7, value);
    expect(Array.from({ length: 100 }, () => heap.pop())).toEqual(Array.from({ length: 100 }, (_, value) => value));
  });

  it.each([1, 2, 3])('gives all in order, however they came (seed %s)', (seed) => {
    const random = new SeededRandom(seed);
    const heap = new EventHeap<[number, number]>();
    const expected: [number, number][] = [];
    const taken: [number, number][] = [];
    for (let order = 0; order < 2000; order++) {
      const at = random.u32() % 50;
      expected.push([at, order]);
      heap.push(at, [at, order]);
    }
    for (let item = heap.pop(); item !== undefined; item = heap.pop()) taken.push(item);
    expect(taken).toEqual(expected.sort((one, other) => one[0] - other[0] || one[1] - other[1]));
  });

  it('stays in order while it is filled and emptied by turns (seed 4)', () => {
    const random = new SeededRandom(4);
    const heap = new EventHeap<number>();
    let now = 0;
    for (let round = 0; round < 5000; round++) {
      heap.push(now + (random.u32() % 100), 0);
      if (round % 3 === 0) continue;
      const at = heap.nextAt() ?? now;
      expect(at).toBeGreaterThanOrEqual(now);
      now = at;
      heap.pop();
    }
  });

  it.each([5, 6])('agrees with a sorted list, however pushes and pops alternate (seed %s)', (seed) => {
    const random = new SeededRandom(seed);
    const heap = new EventHeap<number>();
    const model: { readonly at: number; readonly value: number }[] = [];
    let ties = 0;
    for (let step = 0; step < 3000; step++) {
      if (model.length === 0 || random.u32() % 9 < 5) {
        const at = random.u32() % 50;
        if (model.some((item) => item.at === at)) ties++;
        const index = model.findIndex((item) => item.at > at);
        model.splice(index < 0 ? model.length : index, 0, { at, value: step });
        heap.push(at, step);
      } else {
        expect({ step, at: heap.nextAt(), value: heap.pop() }).toEqual({ step, ...model.shift() });
      }
    }
    expect(heap.size).toBe(model.length);
    expect(model.map(() => ({ at: heap.nextAt(), value: heap.pop() }))).toEqual(model);
    expect(ties).toBeGreaterThan(300);
  });
});
