import { afterEach, describe, expect, it } from '@jest/globals';
import type { MeshEvent } from 'nestjs-mesh/bus';

import { Buses } from '../support/buses.js';
import { Inbox } from '../support/inbox.js';
import { randomPort } from '../support/random-port.js';

describe('publishing over real sockets', () => {
  const buses = new Buses();
  afterEach(() => buses.close());

  async function pair(options: { batchInterval?: number } = {}) {
    const port = randomPort();
    const sender = await buses.start({ port, ...options });
    const receiver = await buses.start({ port });
    const events = new Inbox<MeshEvent>();
    receiver.subscribe('*', (event) => events.add(event));
    await Promise.all([sender.waitForPeers(1), receiver.waitForPeers(1)]);
    return { sender, receiver, events };
  }

  it('sends a key announced again while its datagram is on its way, 20,000 times of 20,000', async () => {
    const { sender, events } = await pair();
    const total = 20_000;
    for (let done = 0; done < total; done += 2) {
      const first = sender.publish('invalidate:user:42');
      // The first one's datagram is laid out at the end of the turn; the second write comes before it was sent.
      await new Promise<void>((resolve) => setImmediate(resolve));
      const second = sender.publish('invalidate:user:42');
      await Promise.all([first, second]);
      await events.atLeast(done + 2);
    }
    expect(events.items).toHaveLength(total);
  }, 60_000);

  it('delivers 60 keys of 100 bytes published at once, in datagrams of at most 1200 bytes', async () => {
    const { sender, receiver, events } = await pair();
    const keys = Array.from({ length: 60 }, (_, index) => `${index}:`.padEnd(100, 'x'));
    const before = receiver.metrics();
    await sender.publish(keys);
    await events.atLeast(60);
    expect(events.items.map(({ key }) => key)).toEqual(keys);
    const after = receiver.metrics();
    expect(
      (after.bytesReceived - before.bytesReceived) / (after.datagramsReceived - before.datagramsReceived),
    ).toBeLessThanOrEqual(1200);
  });

  it('delivers both of two publishes of one key with different data', async () => {
    const { sender, events } = await pair();
    await Promise.all([
      sender.publish('user:renamed', { data: { name: 'Ada' } }),
      sender.publish('user:renamed', { data: { name: 'Grace' }, metadata: { traceparent: '00-1-2-01' } }),
    ]);
    await events.atLeast(2);
    expect(events.items).toMatchObject([
      { key: 'user:renamed', data: { name: 'Ada' }, metadata: {} },
      { key: 'user:renamed', data: { name: 'Grace' }, metadata: { traceparent: '00-1-2-01' } },
    ]);
  });

  it('refuses a key of 1025 bytes with a code, and sends the next', async () => {
    const { sender, events } = await pair();
    await expect(sender.publish('k'.repeat(1025))).rejects.toMatchObject({ code: 'MESH_ERR_KEY' });
    await sender.publish('k'.repeat(1024));
    const event = await events.find(() => true);
    expect(event.key).toHaveLength(1024);
    expect(event.origin).toBe(sender.id);
  });

  it('delivers nothing to its sender unless it asked for it', async () => {
    const port = randomPort();
    const quiet = await buses.start({ port });
    const hearing = await buses.start({ port, selfDelivery: true });
    await Promise.all([quiet.waitForPeers(1), hearing.waitForPeers(1)]);
    const own = new Inbox<string>();
    const heard = new Inbox<string>();
    quiet.subscribe('*', ({ key }) => own.add(key));
    hearing.subscribe('*', ({ key }) => heard.add(key));
    await quiet.publish('from-quiet');
    await hearing.publish('from-hearing');
    await heard.atLeast(2);
    await own.atLeast(1);
    expect([...heard.items].sort()).toEqual(['from-hearing', 'from-quiet']);
    expect(own.items).toEqual(['from-hearing']);
  });
});
