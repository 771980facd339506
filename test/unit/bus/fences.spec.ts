import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MeshBus } from '../../../lib/bus/mesh-bus.js';
import type { MeshOptions } from '../../../lib/options/mesh-options.js';
import { codeOf, codeThrownBy } from '../../support/codes.js';
import { MemoryWorld } from '../../support/memory-world.js';

let world: MemoryWorld;
beforeEach(() => {
  world = new MemoryWorld();
});
afterEach(() => world.close());

async function pair(options: MeshOptions = {}): Promise<{ sender: MeshBus; bus: MeshBus }> {
  const [sender, bus] = await world.mesh(2, options);
  return { sender: sender!, bus: bus! };
}

async function settled(sent: Promise<void>): Promise<void> {
  await world.until(sent);
  await world.advance(10);
}

/** Everyone falls silent, and is heard again. */
async function isolate(): Promise<void> {
  world.network.isCut = () => true;
  await world.advance(60_000);
}

async function heal(): Promise<void> {
  world.network.isCut = () => false;
  await world.advance(60_000);
}

describe('MeshBus.fence', () => {
  const heard: [name: string, publish: (sender: MeshBus) => Promise<void>][] = [
    ['its key', (sender) => sender.publish('user:1')],
    ['its key with data', (sender) => sender.publish('user:1', { data: { by: 'admin' } })],
    ['its key among others', (sender) => sender.publish(['a', 'user:1', 'b'])],
    ['a pattern that matches', (sender) => sender.publishMatching('user:*')],
  ];

  it.each(heard)('is moved by %s, though nobody subscribes', async (_name, publish) => {
    const { sender, bus } = await pair();
    const [fence, other] = [bus.fence('user:1'), bus.fence('order:1')];
    expect([fence.isCurrent(), other.isCurrent()]).toEqual([true, true]);
    await settled(publish(sender));
    expect([fence.isCurrent(), other.isCurrent()]).toEqual([false, true]);
    expect(bus.fence('user:1').isCurrent()).toBe(true);
  });

  const own: [name: string, publish: (bus: MeshBus) => Promise<void>][] = [
    ...heard,
    ['the first of many', (bus) => bus.publish(['user:1', 'a', 'b'])],
    ['the last of many', (bus) => bus.publish(['a', 'b', 'user:1'])],
  ];

  describe.each([true, false])('with selfDelivery: %s', (selfDelivery) => {
    it.each(own)('is moved by an own publish of %s, within the call', async (_name, publish) => {
      const bus = world.bus({ selfDelivery });
      await world.until(bus.start());
      const [fence, other] = [bus.fence('user:1'), bus.fence('order:1')];
      const sent = publish(bus);
      expect([fence.isCurrent(), other.isCurrent()]).toEqual([false, true]);
      // Whoever loads from here on sees what was written.
      const later = bus.fence('user:1');
      await settled(sent);
      expect(later.isCurrent()).toBe(true);
    });
  });

  it('is moved by own publishes that are withdrawn, or too many to be sent one by one', async () => {
    const bus = world.bus({ limits: { pendingKeys: 1 } });
    await world.until(bus.start());
    const fences = ['withdrawn', 'a', 'b'].map((key) => bus.fence(key));
    const controller = new AbortController();
    const withdrawn = bus.publish('withdrawn', { signal: controller.signal });
    controller.abort(new Error('changed my mind'));
    await expect(withdrawn).rejects.toThrow('changed my mind');
    await settled(bus.publish(['a', 'b']));
    expect(fences.map((fence) => fence.isCurrent())).toEqual([false, false, false]);
  });

  it('is not moved by what is no publish', async () => {
    const { bus } = await pair();
    const fence = bus.fence('user:1');
    expect(await codeOf(bus.publish(['user:1', '']))).toBe('MESH_ERR_KEY');
    expect(await codeOf(bus.publish('user:1', { data: 1n }))).toBe('MESH_ERR_DATA');
    expect(await codeOf(bus.publishMatching(''))).toBe('MESH_ERR_PATTERN');
    await expect(bus.publish('user:1', { signal: AbortSignal.abort() })).rejects.toThrow();
    expect(fence.isCurrent()).toBe(true);
  });

  it('stands for a lease as for any key', async () => {
    const { sender, bus } = await pair();
    const fence = bus.fence('lease:42');
    await settled(sender.revokeLease('42'));
    expect(fence.isCurrent()).toBe(false);
  });

  it('is moved before any handler runs: of the event, of its neighbours, and of a resync', async () => {
    const { sender, bus } = await pair({ limits: { pendingKeys: 2 } });
    const current: string[] = [];
    const fences = ['a', 'z'].map((key) => bus.fence(key));
    const note = (what: string) => (): number => current.push(`${what} ${fences.filter((f) => f.isCurrent()).length}`);
    bus.subscribe('a', note('a'));
    bus.onResync(note('resync'));
    await settled(sender.publish(['a', 'z']));
    fences.splice(0, 2, ...['a', 'z'].map((key) => bus.fence(key)));
    await settled(sender.publish(['a', 'y', 'z']));
    expect(current).toEqual(['a 0', 'resync 0']);
  });

  it('is moved by a resync that covers its key, and by no other', async () => {
    const { sender, bus } = await pair({ limits: { pendingKeys: 1 } });
    bus.onResync(() => {});
    const [covered, other] = [bus.fence('a'), bus.fence('another')];
    await settled(sender.publish(['a', 'b']));
    expect(bus.metrics().resyncReasons).toEqual({ overload: 1 });
    expect([covered.isCurrent(), other.isCurrent()]).toEqual([false, true]);
  });

  it('is not current before the bus is ready, nor is it then', async () => {
    const bus = world.bus();
    const idle = bus.fence('k');
    const started = bus.start();
    const joining = bus.fence('k');
    expect([idle.isCurrent(), joining.isCurrent()]).toEqual([false, false]);
    await world.until(started);
    expect([idle.isCurrent(), joining.isCurrent(), bus.fence('k').isCurrent()]).toEqual([false, false, true]);
  });

  it('is current for whoever is told that the bus is ready', async () => {
    const bus = world.bus();
    const told: boolean[] = [];
    bus.onStatus((status) => {
      if (status === 'ready') told.push(bus.fence('k').isCurrent());
    });
    await world.until(bus.start());
    expect(told).toEqual([true]);
  });

  it('is not current from the moment that the bus closes', async () => {
    const { bus } = await pair();
    const fence = bus.fence('k');
    const closed = bus.close();
    expect([fence.isCurrent(), bus.fence('k').isCurrent()]).toEqual([false, false]);
    await world.until(closed);
    expect([fence.isCurrent(), bus.fence('k').isCurrent()]).toEqual([false, false]);
  });

  it('goes on to be current in isolation, until somebody is heard again', async () => {
    const { bus } = await pair();
    await isolate();
    const fence = bus.fence('k');
    expect([bus.status, fence.isCurrent()]).toEqual(['isolated', true]);
    await heal();
    expect([bus.status, fence.isCurrent(), bus.fence('k').isCurrent()]).toEqual(['ready', false, true]);
  });

  it('is never current in isolation with onIsolation: flush', async () => {
    const { bus } = await pair({ onIsolation: 'flush' });
    const before = bus.fence('k');
    await isolate();
    const fence = bus.fence('k');
    expect([bus.status, before.isCurrent(), fence.isCurrent()]).toEqual(['isolated', false, false]);
    await heal();
    expect([before.isCurrent(), fence.isCurrent(), bus.fence('k').isCurrent()]).toEqual([false, false, true]);
  });

  it('takes what can be published for a key, and nothing else', () => {
    const bus = world.bus();
    for (const key of ['', 'k'.repeat(1025), 'user:\ud83d', 42, undefined]) {
      expect(codeThrownBy(() => bus.fence(key as string))).toBe('MESH_ERR_KEY');
    }
    expect(Object.isFrozen(bus.fence('é'.repeat(512)))).toBe(true);
  });
});
