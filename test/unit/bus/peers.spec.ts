import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MeshPeer } from '../../../lib/bus/mesh-peer.js';
import { codeOf } from '../../support/codes.js';
import { MemoryWorld } from '../../support/memory-world.js';

let world: MemoryWorld;
beforeEach(() => {
  world = new MemoryWorld();
});
afterEach(() => world.close());

describe('MeshBus.peers', () => {
  it('describes each', async () => {
    const [bus, member, client] = [
      world.bus({ port: 4000 }),
      world.bus({ port: 4000, zone: 'eu-1' }),
      world.bus({ port: 4000 }, { role: 'client' }),
    ];
    await world.until(Promise.all([bus.start(), member.start(), client.start()]));
    await world.until(bus.waitForPeers(2));
    const now = world.clock.wallClockMs();
    const peers = [...bus.peers()].sort((a, b) => (a.address < b.address ? -1 : 1));
    expect(peers).toEqual([
      {
        id: member.id,
        address: '10.0.0.2:4000',
        zone: 'eu-1',
        state: 'alive',
        legacy: false,
        role: 'member',
        lastHeard: expect.any(Number),
      },
      expect.objectContaining({ id: client.id, address: '10.0.0.3:4000', zone: undefined, role: 'client' }),
    ]);
    for (const { lastHeard } of peers) {
      expect(lastHeard).toBeLessThanOrEqual(now);
      expect(lastHeard).toBeGreaterThan(now - 10_000);
    }
  });

  it('tells each change of a state', async () => {
    const [bus, other] = [world.bus(), world.bus()];
    const seen: MeshPeer[] = [];
    const controller = new AbortController();
    bus.onPeer((peer) => seen.push(peer), { signal: controller.signal });
    await world.until(Promise.all([bus.start(), other.start()]));
    await world.until(bus.waitForPeers(1));
    world.network.isCut = () => true;
    await world.advance(60_000);
    expect(seen.map(({ id, state }) => `${id === other.id} ${state}`)).toEqual([
      'true alive',
      'true suspect',
      'true dead',
    ]);
    controller.abort();
    world.network.isCut = () => false;
    await world.advance(60_000);
    expect(seen).toHaveLength(3);
    expect(bus.peers()).toHaveLength(1);
  });
});

describe('MeshBus.waitForPeers', () => {
  it('resolves at once when enough are there', async () => {
    const [bus] = await world.mesh(3);
    expect(await bus!.waitForPeers(2)).toHaveLength(2);
    expect(await bus!.waitForPeers(0)).toHaveLength(2);
  });

  it('resolves when enough have come, also from before start()', async () => {
    const bus = world.bus();
    const waited = bus.waitForPeers(2, { timeout: 30_000 });
    await world.until(bus.start());
    await world.until(world.bus().start());
    await world.until(world.bus().start());
    expect(await world.until(waited)).toHaveLength(2);
  });

  it('says after the timeout what it waited for and what was there', async () => {
    const [bus, other] = await world.mesh(2);
    const waited = bus!.waitForPeers(3, { timeout: 1000 });
    const before = world.clock.now();
    await expect(world.until(waited)).rejects.toThrow(`waited 1000 ms for 3 peers, and 1 alive: ${other!.address!}`);
    expect(world.clock.now() - before).toBe(1000);
    expect(await codeOf(waited)).toBe('MESH_ERR_TIMEOUT');
    await expect(world.until(world.bus().waitForPeers(1, { timeout: 0 }))).rejects.toThrow('none is alive');
  });

  it('gives up with the signal, and with the bus', async () => {
    const [bus] = await world.mesh(2);
    const controller = new AbortController();
    const aborted = bus!.waitForPeers(5, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    const early = bus!.waitForPeers(5, { signal: AbortSignal.abort(new Error('before')) });
    await expect(early).rejects.toThrow('before');

    const waited = bus!.waitForPeers(5);
    const closed = bus!.close();
    expect(await codeOf(waited)).toBe('MESH_ERR_CLOSED');
    expect(await codeOf(bus!.waitForPeers(5))).toBe('MESH_ERR_CLOSED');
    await world.until(closed);
  });

  it.each([-1, 1.5, NaN, Infinity, '1'])('refuses to wait for %p', async (count) => {
    expect(await codeOf(world.bus().waitForPeers(count as number))).toBe('MESH_ERR_ARGUMENT');
  });

  it.each([-1, 1.5, 2 ** 31])('refuses a timeout of %p', async (timeout) => {
    expect(await codeOf(world.bus().waitForPeers(1, { timeout }))).toBe('MESH_ERR_ARGUMENT');
  });
});

describe('MeshBus.snapshot and metrics', () => {
  it('are plain JSON, with no keys and no data', async () => {
    const [bus, other] = await world.mesh(2, { zone: 'eu-1', cluster: 'shop' });
    bus!.subscribe('topsecret:*', () => {});
    await world.until(other!.publish('topsecret:1', { data: 'topsecret' }));
    await world.advance(10);
    void bus!.publish('topsecret:2');
    const snapshot = bus!.snapshot();
    expect(snapshot).toMatchObject({
      id: bus!.id,
      cluster: 'shop',
      zone: 'eu-1',
      role: 'member',
      status: 'ready',
      endpoints: ['10.0.0.1:7946'],
      multicast: ['mem0'],
      pendingKeys: 1,
      subscriptions: 1,
      peers: [{ id: other!.id }],
      metrics: { published: 1, delivered: 1, joined: 1 },
    });
    const text = JSON.stringify(snapshot);
    expect(text).not.toContain('topsecret');
    const { receiveBufferBytes, ...rest } = snapshot;
    expect(JSON.parse(text)).toEqual(rest);
    expect(receiveBufferBytes).toBeUndefined();
  });

  it('count from nothing before start()', () => {
    const bus = world.bus();
    expect(
      Object.values(bus.metrics()).every((value) => value === 0 || Object.keys(value as object).length === 0),
    ).toBe(true);
    expect(bus.snapshot()).toMatchObject({ status: 'idle', peers: [], endpoints: [], pendingKeys: 0 });
  });

  it('count events of others once each, subscribed to or not', async () => {
    const [bus, other] = await world.mesh(2);
    bus!.subscribe('a', () => {});
    bus!.subscribe('*', () => {});
    await world.until(other!.publish(['a', 'b', 'c']));
    await world.advance(10);
    expect(bus!.metrics()).toMatchObject({ delivered: 3, published: 0, dropped: {} });
    expect(other!.metrics()).toMatchObject({ delivered: 0, published: 3 });
  });
});
