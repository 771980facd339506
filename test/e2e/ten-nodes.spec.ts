import { afterEach, describe, expect, it } from '@jest/globals';

import { Buses } from '../support/buses.js';
import { Inbox } from '../support/inbox.js';
import { NodeProcess } from '../support/node-processes.js';
import { randomPort } from '../support/random-port.js';

const COUNT = 10;
const OTHERS = COUNT - 1;

interface Delivery {
  readonly index: number;
  readonly key: string;
}

describe('ten nodes in one process, one seed, no multicast', () => {
  const buses = new Buses();
  afterEach(() => buses.close());

  it('all know each other, and an event arrives once at each but its sender', async () => {
    const port = randomPort();
    const deliveries = new Inbox<Delivery>();
    const nodes = [];
    for (let index = 0; index < COUNT; index++) {
      const bus = buses.make({ port, group: false, peers: [`127.0.0.1:${port}`] });
      bus.subscribe('*', ({ key }) => deliveries.add({ index, key }));
      await bus.start();
      nodes.push(bus);
    }
    for (const bus of nodes) expect(await bus.waitForPeers(OTHERS, { timeout: 8000 })).toHaveLength(OTHERS);
    const ids = new Set(nodes.map((bus) => bus.id));
    for (const bus of nodes) expect(new Set([bus.id, ...bus.peers().map((peer) => peer.id)])).toEqual(ids);

    await nodes[3]!.publish('invalidate:user:42');
    // What was published later has arrived everywhere, so nothing of the first is still on its way.
    await nodes[4]!.publish('last');
    await deliveries.until((all) => all.filter(({ key }) => key === 'last').length === OTHERS);
    await deliveries.until((all) => all.filter(({ key }) => key !== 'last').length >= OTHERS);

    const receivers = deliveries.items.filter(({ key }) => key === 'invalidate:user:42').map(({ index }) => index);
    expect(receivers.sort()).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9]);
  });
});

describe('ten nodes in ten processes, multicast, one host, one port', () => {
  const children: NodeProcess[] = [];
  afterEach(() => Promise.all(children.splice(0).map((child) => child.close())));

  it('all know each other, and an event arrives once at each but its sender, in one datagram', async () => {
    const port = randomPort();
    for (let index = 0; index < COUNT; index++) children.push(new NodeProcess({ port, interface: 'lo' }));
    await Promise.all(children.map((child) => child.report('ready', 20_000)));
    for (const child of children) child.send({ kind: 'await-peers', count: OTHERS });
    const peers = await Promise.all(children.map((child) => child.report('peers', 20_000)));
    expect(peers.map(({ count }) => count)).toEqual(Array.from(children, () => OTHERS));

    children[2]!.send({ kind: 'publish', key: 'invalidate:user:42' });
    await Promise.all(children.filter((_, index) => index !== 2).map((child) => child.report('event')));
    children[3]!.send({ kind: 'publish', key: 'last' });
    const last = (child: NodeProcess) => child.reports.find((one) => one.kind === 'event' && one.key === 'last');
    await Promise.all(children.filter((_, index) => index !== 3).map(last));

    const counts = children.map((child) => child.events().filter((key) => key === 'invalidate:user:42').length);
    expect(counts).toEqual([1, 1, 0, 1, 1, 1, 1, 1, 1, 1]);
  }, 60_000);
});
