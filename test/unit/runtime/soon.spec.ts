import { describe, expect, it } from '@jest/globals';
import { soon } from '../../../lib/runtime/soon.js';

describe('soon', () => {
  it('calls back behind the call and before a promise that comes later', async () => {
    const order: string[] = [];
    soon(() => order.push('soon'));
    order.push('call');
    await Promise.resolve();
    order.push('turn');
    expect(order).toEqual(['call', 'soon', 'turn']);
  });

  it('keeps the order', async () => {
    const order: number[] = [];
    for (const index of [1, 2, 3]) soon(() => order.push(index));
    await Promise.resolve();
    expect(order).toEqual([1, 2, 3]);
  });
});
