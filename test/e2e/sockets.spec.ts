import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Buses } from '../support/buses.js';
import { codeOf } from '../support/codes.js';
import { RemoteNodes } from '../support/host-process.js';
import { Inbox } from '../support/inbox.js';
import { randomPort } from '../support/random-port.js';
import { V1Node } from '../support/v1-node.js';

const buses = new Buses();
const remote = new RemoteNodes();
const strangers: Socket[] = [];
afterEach(async () => {
  for (const socket of strangers.splice(0)) socket.close();
  await Promise.all([buses.close(), remote.close()]);
});

/** A process that knows nothing of the mesh. */
async function stranger(address: string, port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind({ address, port, exclusive: true });
  await once(socket, 'listening');
  strangers.push(socket);
  return socket;
}

describe('several processes on one host and port', () => {
  it('have one port each, the first the wanted one, and hear everything once', async () => {
    const port = randomPort();
    const first = await remote.start({ port, interface: 'lo' });
    const others = await Promise.all([1, 2].map(() => remote.start({ port, interface: 'lo' })));
    const nodes = [first, ...others];
    await Promise.all(nodes.map((node) => node.waitForPeers(2)));
    const addresses = await Promise.all(nodes.map(async (node) => (await node.snapshot()).endpoints));
    expect(addresses[0]).toEqual([`127.0.0.1:${port}`]);
    expect(new Set(addresses.flat()).size).toBe(3);

    for (const [index, node] of nodes.entries()) await node.publish(`from:${index}`);
    for (const [index, node] of nodes.entries()) {
      for (const from of [0, 1, 2].filter((other) => other !== index)) await node.hears(`from:${from}`);
    }
    // A doubled datagram would have come before the answer to a later call.
    await Promise.all(nodes.map((node) => node.snapshot()));
    expect(nodes.map((node) => [...node.keys].sort())).toEqual([
      ['from:1', 'from:2'],
      ['from:0', 'from:2'],
      ['from:0', 'from:1'],
    ]);
  }, 40_000);

  it('leave the port to who starts next, and move nobody who runs', async () => {
    const port = randomPort();
    const owner = await remote.start({ port, interface: 'lo' });
    const second = await remote.start({ port, interface: 'lo' });
    const [before] = (await second.snapshot()).endpoints;
    await owner.kill();
    const third = await remote.start({ port, interface: 'lo' });
    expect((await third.snapshot()).endpoints).toEqual([`127.0.0.1:${port}`]);
    expect((await second.snapshot()).endpoints).toEqual([before]);
    await third.waitForPeers(1);
    await third.publish('after');
    await second.hears('after');
  }, 40_000);

  it('end by themselves when they have closed', async () => {
    const node = await remote.start({ port: randomPort(), interface: 'lo' });
    await node.close();
    expect(await node.ended()).toBe(0);
  }, 20_000);
});

describe('workers of node:cluster', () => {
  it('are a node each, and hear everything once', async () => {
    const port = randomPort();
    const workers = remote.workers(3, { port, interface: 'lo' });
    await Promise.all(workers.map((worker) => worker.start()));
    await Promise.all(workers.map((worker) => worker.waitForPeers(2)));
    const snapshots = await Promise.all(workers.map((worker) => worker.snapshot()));
    expect(new Set(snapshots.map(({ id }) => id)).size).toBe(3);
    expect(new Set(snapshots.flatMap(({ endpoints }) => endpoints)).size).toBe(3);

    await workers[1]!.publish('from:1');
    await Promise.all([workers[0]!.hears('from:1'), workers[2]!.hears('from:1')]);
    await Promise.all(workers.map((worker) => worker.snapshot()));
    expect(workers.map(({ keys }) => keys)).toEqual([['from:1'], [], ['from:1']]);

    await Promise.all(workers.map((worker) => worker.close()));
    expect(await workers[0]!.ended()).toBe(0);
  }, 40_000);
});

describe('an interface that is missing', () => {
  it('is named beside those that there are', async () => {
    const start = buses.make({ port: randomPort(), interface: ['lo', 'mesh-nope', '10.255.255.254'] }).start();
    await expect(start).rejects.toMatchObject({
      code: 'MESH_ERR_CONFIG',
      message: expect.stringMatching(/no 'mesh-nope', '10\.255\.255\.254' .*this host has .*lo \(127\.0\.0\.1\)/),
    });
  });
});

describe('a port that a foreign process holds', () => {
  it('is told, with what to do, and can be had when it is free', async () => {
    const port = randomPort();
    const foreigner = await stranger('0.0.0.0', port);
    const bus = buses.make({ port });
    await expect(bus.start()).rejects.toMatchObject({
      code: 'MESH_ERR_PORT_IN_USE',
      message: expect.stringMatching(new RegExp(`${port}.*Serf.*Docker Swarm.*option port`)),
    });
    strangers.splice(strangers.indexOf(foreigner), 1);
    foreigner.close();
    await once(foreigner, 'close');
    await bus.start();
    expect(bus.address).toBe(`127.0.0.1:${port}`);
  });

  it('is replaced by another when only this one address is taken, while the group is heard', async () => {
    const port = randomPort();
    await stranger('127.0.0.1', port);
    const warnings: string[] = [];
    const logger = { error: warnings.push, log: () => {}, warn: (message: string) => void warnings.push(message) };
    const [one, two] = await Promise.all([buses.start({ port, logger }), buses.start({ port })]);
    expect([one.address, two.address]).not.toContain(`127.0.0.1:${port}`);
    await one.waitForPeers(1, { timeout: 5000 });
    expect(warnings).toEqual([]);
  });

  it('is a warning without a group, as seeds name the port', async () => {
    const port = randomPort();
    await stranger('127.0.0.1', port);
    const warnings = new Inbox<string>();
    const logger = { error: () => {}, log: () => {}, warn: warnings.add };
    const bus = await buses.start({ port, group: false, logger });
    expect(warnings.items).toHaveLength(1);
    expect(warnings.items[0]).toContain(`port ${port} of 127.0.0.1 is taken`);
    expect(warnings.items[0]).toContain(bus.address);
  });
});

describe('a v1 node that binds 0.0.0.0 with address reuse', () => {
  const nodes: V1Node[] = [];
  afterEach(() => {
    for (const node of nodes.splice(0)) node.close();
  });

  it('shares host and port when it was there first: this node is at another port', async () => {
    const port = randomPort();
    const v1 = new V1Node(port);
    nodes.push(v1);
    await v1.start();
    const bus = await buses.start({ port, heartbeat: 100 });
    expect(bus.address).not.toBe(`127.0.0.1:${port}`);
    const heard = new Inbox<string>();
    bus.subscribe('*', ({ key }) => heard.add(key));
    await v1.heartbeat(`127.0.0.1:${port}`);
    await bus.waitForPeers(1, { timeout: 5000 });
    await v1.invalidate('from:v1');
    await bus.publish('from:v2');
    await heard.find((key) => key === 'from:v1');
    await v1.packets.find(({ keys }) => keys.includes('from:v2'));
  });

  it('is refused by the kernel when this node was there first: the address is taken', async () => {
    const port = randomPort();
    await buses.start({ port });
    const v1 = new V1Node(port);
    nodes.push(v1);
    await expect(v1.start()).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

describe('an advertised address of 0.0.0.0', () => {
  it('is refused as an option', async () => {
    const make = async (): Promise<unknown> => buses.make({ advertiseAddr: '0.0.0.0:7946' });
    expect(await codeOf(make())).toBe('MESH_ERR_CONFIG');
  });

  it('is advertised by nobody: an own address is', async () => {
    const port = randomPort();
    const bus = await buses.start({ port });
    expect(bus.snapshot().endpoints).toEqual([`127.0.0.1:${port}`]);
  });

  it('leads where the option advertiseAddr says', async () => {
    const port = randomPort();
    const bus = await buses.start({ port, advertiseAddr: '127.0.0.1:9' });
    expect(bus.snapshot().endpoints).toEqual(['127.0.0.1:9', `127.0.0.1:${port}`]);
  });
});
