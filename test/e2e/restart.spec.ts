import { afterEach, describe, expect, it } from '@jest/globals';
import type { MeshPeer } from 'nestjs-mesh/bus';

import { Buses } from '../support/buses.js';
import { Inbox } from '../support/inbox.js';
import { NodeProcess } from '../support/node-processes.js';
import { randomPort } from '../support/random-port.js';

describe('a peer that is killed and started again on its address', () => {
  const buses = new Buses();
  const children: NodeProcess[] = [];
  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => child.close()));
    await buses.close();
  });

  function spawnNode(port: number): NodeProcess {
    const child = new NodeProcess({ port, interface: 'lo', group: false });
    children.push(child);
    return child;
  }

  it('is met anew, replaces the old one, and hears events again', async () => {
    const port = randomPort();
    const first = spawnNode(port);
    const { id: oldId } = await first.report('ready');
    const bus = buses.make({ port, group: false, peers: [`127.0.0.1:${port}`], heartbeat: 100 });
    const peers = new Inbox<MeshPeer>();
    bus.onPeer((peer) => peers.add(peer));
    await bus.start();
    await peers.find(({ id, state }) => id === oldId && state === 'alive');

    await first.kill();
    const second = spawnNode(port);
    const { id: newId, port: newPort } = await second.report('ready');
    expect(newPort).toBe(port);
    await peers.find(({ id, state }) => id === newId && state === 'alive');
    await peers.find(({ id, state }) => id === oldId && state === 'dead');
    expect(bus.peers().map(({ id }) => id)).toEqual([newId]);

    await bus.publish('after');
    const event = await second.report('event');
    expect(event.key).toBe('after');
  }, 30_000);
});
