import { describe, expect, it } from '@jest/globals';

import { DEFAULT_RECEIVE_BUFFER_BYTES, ReceiveQueue, socketBufferCost } from '../../../lib/simulation/receive-queue.js';

const datagram = (length: number, viaGroup = false) => ({ viaGroup, bytes: Buffer.alloc(length) });

/** How many of that length it takes. */
function room(queue: ReceiveQueue<ReturnType<typeof datagram>>, length: number, viaGroup = false): number {
  let count = 0;
  while (queue.push(datagram(length, viaGroup), DEFAULT_RECEIVE_BUFFER_BYTES)) count++;
  return count;
}

describe('socketBufferCost', () => {
  it.each([
    [1, 256 + 512],
    [128, 256 + 512],
    [129, 256 + 1024],
    [640, 256 + 1024],
    [641, 256 + 2048],
    [1200, 256 + 2048],
  ])('of %s bytes is %s', (bytes, cost) => expect(socketBufferCost(bytes)).toBe(cost));
});

describe('ReceiveQueue', () => {
  it('holds in a default buffer what was measured: 92 full datagrams, or 277 small ones', () => {
    expect(room(new ReceiveQueue(), 1200)).toBe(92);
    expect(room(new ReceiveQueue(), 60)).toBe(277);
  });

  it('gives them back in order, and their room with them', () => {
    const queue = new ReceiveQueue<ReturnType<typeof datagram>>();
    const count = room(queue, 1200);
    expect(queue.length).toBe(count);
    const first = queue.take();
    expect(first?.bytes).toHaveLength(1200);
    expect(room(queue, 1200)).toBe(1);
    for (let index = 0; index < count; index++) expect(queue.take()).toBeDefined();
    expect([queue.take(), queue.length]).toEqual([undefined, 0]);
    expect(room(queue, 1200)).toBe(count);
  });

  it('has a buffer for each socket', () => {
    const queue = new ReceiveQueue<ReturnType<typeof datagram>>();
    expect([room(queue, 1200), room(queue, 1200, true), queue.length]).toEqual([92, 92, 184]);
  });
});
