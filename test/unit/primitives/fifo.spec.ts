import { describe, expect, it } from '@jest/globals';

import { Fifo } from '../../../lib/primitives/fifo.js';

describe('Fifo', () => {
  it('gives back in order, and undefined at the end', () => {
    const fifo = new Fifo<number>();
    fifo.push(1);
    fifo.push(2);
    expect([fifo.length, fifo.take(), fifo.take(), fifo.take(), fifo.length]).toEqual([2, 1, 2, undefined, 0]);
  });

  it('goes on after it was empty', () => {
    const fifo = new Fifo<string>();
    fifo.push('a');
    fifo.take();
    fifo.take();
    fifo.push('b');
    expect([fifo.length, fifo.take()]).toEqual([1, 'b']);
  });

  it('keeps the order however pushes and takes alternate', () => {
    const fifo = new Fifo<number>();
    let pushed = 0;
    let taken = 0;
    for (let round = 0; round < 1000; round++) {
      for (let count = 0; count < (round * 7) % 5; count++) fifo.push(pushed++);
      for (let count = 0; count < (round * 3) % 4; count++) {
        const item = fifo.take();
        if (item !== undefined) expect(item).toBe(taken++);
      }
      expect(fifo.length).toBe(pushed - taken);
    }
    expect(taken).toBeGreaterThan(500);
  });
});
