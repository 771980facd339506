import { afterEach, describe, expect, it } from '@jest/globals';

import { Buses } from '../support/buses.js';
import { Inbox } from '../support/inbox.js';
import { randomPort } from '../support/random-port.js';
import { V1Node } from '../support/v1-node.js';

describe('beside a node of Warp Mesh v1', () => {
  const buses = new Buses();
  const legacy: V1Node[] = [];
  afterEach(async () => {
    for (const node of legacy.splice(0)) node.close();
    await buses.close();
  });

  async function meet() {
    const port = randomPort();
    const v1 = new V1Node(port);
    legacy.push(v1);
    await v1.start();
    const bus = await buses.start({ port, heartbeat: 200 });
    return { v1, bus };
  }

  it('is heard by it: heartbeats and batches', async () => {
    const { v1, bus } = await meet();
    const heartbeat = await v1.packets.find(({ type }) => type === 2);
    expect(heartbeat.keys).toEqual([bus.address]);

    await bus.publish(['invalidate:user:42', 'invalidate:città:🚀']);
    const batch = await v1.packets.find(({ type }) => type === 3);
    expect(batch.keys).toEqual(['invalidate:user:42', 'invalidate:città:🚀']);
  });

  it('hears it, once, although each of its packets comes twice', async () => {
    const { v1, bus } = await meet();
    const keys = new Inbox<string>();
    bus.subscribe('*', ({ key }) => keys.add(key));
    await v1.packets.find(({ type }) => type === 2);
    expect(v1.peers).toEqual([bus.address]);

    await v1.heartbeat('0.0.0.0:7946');
    await v1.invalidate('invalidate:user:1');
    await v1.batch(['invalidate:user:2', 'invalidate:user:3']);
    await v1.batch(['last']);
    await keys.find((key) => key === 'last');

    expect(keys.items).toEqual(['invalidate:user:1', 'invalidate:user:2', 'invalidate:user:3', 'last']);
    const [peer] = bus.peers();
    expect(peer).toMatchObject({ legacy: true, state: 'alive' });

    // By the end of this turn both of the node's sockets have been read: the second copies did come.
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(bus.metrics().duplicates).toBe(3);
    expect(keys.items).toHaveLength(4);
  });
});
