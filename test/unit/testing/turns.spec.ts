import { describe, expect, it } from '@jest/globals';
import { Turns } from '../../../lib/testing/turns.js';

describe('Turns', () => {
  it('gives each who waits a turn, behind all promises', async () => {
    const turns = new Turns();
    const order: string[] = [];
    const wait = async (name: string): Promise<void> => {
      await turns.next();
      order.push(name);
      await Promise.resolve();
      order.push(`behind ${name}`);
      turns.rest();
    };
    await Promise.all([wait('one'), wait('other')]);
    expect(order).toEqual(['one', 'behind one', 'other', 'behind other']);
  });

  it('goes on after a rest', async () => {
    const turns = new Turns();
    let count = 0;
    for (; count < 3; count++) {
      await turns.next();
      turns.rest();
    }
    expect(count).toBe(3);
  });
});
