import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createClientBus } from '../../../lib/bus/create-client-bus.js';
import { isMeshBus } from '../../../lib/bus/is-mesh-bus.js';
import { MeshBus } from '../../../lib/bus/mesh-bus.js';
import type { MeshStatus } from '../../../lib/bus/mesh-status.js';
import type { MeshLogger } from '../../../lib/options/mesh-logger.js';
import { MeshError } from '../../../lib/errors/mesh-error.js';
import { codeOf } from '../../support/codes.js';
import { MemoryWorld } from '../../support/memory-world.js';

const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

let world: MemoryWorld;
beforeEach(() => {
  world = new MemoryWorld();
});
afterEach(() => world.close());

function statusesOf(bus: MeshBus): string[] {
  const changes: string[] = [];
  bus.onStatus((status, previous) => changes.push(`${previous} > ${status}`));
  return changes;
}

interface Log {
  readonly lines: string[];
  readonly logger: MeshLogger;
}

function logOf(): Log {
  const lines: string[] = [];
  const write = (level: string) => (message: string) => lines.push(`${level} ${message}`);
  return { lines, logger: { error: write('error'), warn: write('warn'), log: write('log') } };
}

describe('MeshBus', () => {
  it('opens nothing when it is made, and is idle', () => {
    const bus = world.bus();
    expect(bus.status).toBe('idle');
    expect([bus.isReady(), bus.isHealthy(), bus.address, bus.peers()]).toEqual([false, false, undefined, []]);
    expect(bus.id).toMatch(UUID);
    expect(world.bus().id).not.toBe(bus.id);
  });

  it('reads its options at once', () => {
    expect(() => new MeshBus({ port: -1 })).toThrow(MeshError);
  });

  it('is known by a brand', () => {
    expect(isMeshBus(world.bus())).toBe(true);
    expect(isMeshBus({ [Symbol.for('nestjs-mesh.bus')]: true })).toBe(true);
    for (const other of [undefined, null, {}, 'bus', MeshBus]) expect(isMeshBus(other)).toBe(false);
  });

  it('becomes ready when it has joined, and tells each step', async () => {
    const bus = world.bus({ port: 4000 });
    const changes = statusesOf(bus);
    const started = bus.start();
    expect(bus.status).toBe('joining');
    expect(bus.start()).toBe(started);
    await world.until(started);
    expect([bus.status, bus.isReady(), bus.isHealthy()]).toEqual(['ready', true, true]);
    expect(bus.address).toBe('10.0.0.1:4000');
    await world.until(bus.close());
    expect(changes).toEqual(['idle > joining', 'joining > ready', 'ready > closing', 'closing > closed']);
    expect([bus.isReady(), bus.isHealthy()]).toEqual([false, false]);
  });

  it('knows who is there when start() resolves', async () => {
    const first = world.bus();
    await world.until(first.start());
    const second = world.bus();
    await world.until(second.start());
    expect(second.peers().map((peer) => peer.id)).toEqual([first.id]);
  });

  it('carries a key from one bus to all others, once, and not to its own subscribers', async () => {
    const buses = await world.mesh(3);
    const heard: string[] = [];
    buses.forEach((bus, index) => bus.subscribe('invalidate:*', ({ key }) => heard.push(`${index} ${key}`)));
    await world.until(buses[0]!.publish('invalidate:user:42'));
    await world.advance(1000);
    expect(heard.sort()).toEqual(['1 invalidate:user:42', '2 invalidate:user:42']);
  });

  it('keeps meshes of different names apart', async () => {
    const [shop, forum] = [world.bus({ cluster: 'shop' }), world.bus({ cluster: 'forum' })];
    await world.until(Promise.all([shop.start(), forum.start()]));
    let heard = 0;
    forum.subscribe('*', () => heard++);
    await world.until(shop.publish('k'));
    await world.advance(1000);
    expect([heard, shop.peers(), forum.peers()]).toEqual([0, [], []]);
  });
});

describe('MeshBus.start', () => {
  it('rejects with what went wrong, refuses what waited, and can be tried again', async () => {
    const bus = world.bus();
    const changes = statusesOf(bus);
    const failure = new MeshError('MESH_ERR_PORT_IN_USE', 'somebody is there');
    world.network.openFailure = failure;
    const started = bus.start();
    const published = bus.publish('early');
    await expect(started).rejects.toBe(failure);
    await expect(published).rejects.toMatchObject({ code: 'MESH_ERR_NOT_STARTED', cause: failure });
    expect(bus.status).toBe('idle');
    expect(await codeOf(bus.publish('k'))).toBe('MESH_ERR_NOT_STARTED');
    await world.until(bus.start());
    await world.until(bus.publish('k'));
    expect(changes).toEqual(['idle > joining', 'joining > idle', 'idle > joining', 'joining > ready']);
  });

  it('can be called by who is told of the status', async () => {
    const bus = world.bus();
    const starts: Promise<void>[] = [];
    bus.onStatus((status) => {
      if (status !== 'closing' && status !== 'closed') starts.push(bus.start());
    });
    const started = bus.start();
    await world.until(started);
    expect(starts).toHaveLength(2);
    expect(starts.every((other) => other === started)).toBe(true);
  });

  it('says at the end of the joining what a person wants to know', async () => {
    const { lines, logger } = logOf();
    await world.until(world.bus().start());
    await world.until(world.bus({ cluster: 'shop', logger }).start());
    await world.until(world.bus({ cluster: 'shop', logger, group: false, peers: ['10.0.0.2'] }).start());
    expect(lines).toEqual([
      'log mesh "shop" 10.0.0.2:7946 · multicast mem0 · 0 peers · unsealed',
      'log mesh "shop" 10.0.0.3:7946 · unicast only · 1 peer · unsealed',
    ]);
  });

  it('is not disturbed by a logger that throws', async () => {
    const fail = (): never => {
      throw new Error('disk full');
    };
    const bus = world.bus({ logger: { error: fail, warn: fail, log: fail } });
    await world.until(bus.start());
    expect(bus.status).toBe('ready');
  });
});

describe('MeshBus.close', () => {
  it('sends what waits and says goodbye', async () => {
    const [sender, receiver] = await world.mesh(2);
    const heard: string[] = [];
    receiver!.subscribe('*', ({ key }) => heard.push(key));
    receiver!.onPeer(({ state }) => heard.push(state));
    const published = sender!.publish('last words');
    await world.until(sender!.close());
    await published;
    await world.advance(10);
    expect(heard.slice(0, 2)).toEqual(['last words', 'left']);
    expect(receiver!.peers()).toEqual([]);
  });

  it('rejects what the kernel never took', async () => {
    const [sender] = await world.mesh(2);
    world.network.stalled = true;
    const published = sender!.publish('k');
    await world.until(sender!.close());
    expect(await codeOf(published)).toBe('MESH_ERR_CLOSED');
  });

  it('leaves no unhandled rejection to who published and did not wait', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    try {
      const [sender] = await world.mesh(2);
      world.network.stalled = true;
      void sender!.publish('k');
      await world.until(sender!.close());
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });

  it('is idempotent, and final', async () => {
    const bus = world.bus();
    await world.until(bus.start());
    const closed = bus.close();
    expect(bus.status).toBe('closing');
    expect(bus.close()).toBe(closed);
    await world.until(closed);
    expect(bus.status).toBe('closed');
    expect(await codeOf(bus.start())).toBe('MESH_ERR_CLOSED');
    expect(bus.metrics().published).toBe(0);
  });

  it('is possible before start()', async () => {
    const bus = world.bus();
    await world.until(bus.close());
    expect(bus.status).toBe('closed');
  });

  it('cuts a start short, whose sockets are closed before it resolves', async () => {
    const bus = world.bus();
    const changes = statusesOf(bus);
    const started = bus.start();
    const published = bus.publish('early');
    const closed = bus.close();
    expect(await codeOf(started)).toBe('MESH_ERR_CLOSED');
    await world.until(closed);
    expect(await codeOf(published)).toBe('MESH_ERR_CLOSED');
    expect(changes).toEqual(['idle > joining', 'joining > closing', 'closing > closed']);
  });

  it('can overtake start() from within a listener', async () => {
    const bus = world.bus();
    let closed: Promise<void> | undefined;
    bus.onStatus((status) => {
      if (status === 'joining') closed = bus.close();
    });
    expect(await codeOf(bus.start())).toBe('MESH_ERR_CLOSED');
    await world.until(closed!);
    expect(bus.status).toBe('closed');
  });

  it('is possible while a start fails, and after it has', async () => {
    const [first, second] = [world.bus(), world.bus()];
    world.network.openFailure = new MeshError('MESH_ERR_SOCKET', 'no');
    const started = first.start();
    await world.until(Promise.all([codeOf(started), first.close()]));
    expect(first.status).toBe('closed');

    world.network.openFailure = new MeshError('MESH_ERR_SOCKET', 'no');
    expect(await codeOf(second.start())).toBe('MESH_ERR_SOCKET');
    await world.until(second.close());
    expect(second.status).toBe('closed');
  });

  it('tells its own status last, and nobody anything after', async () => {
    const [a, b] = await world.mesh(2);
    const controller = new AbortController();
    const heard: string[] = [];
    a!.subscribe('*', ({ key }) => heard.push(key), { signal: controller.signal });
    a!.onStatus((status) => heard.push(status));
    await world.until(a!.close());
    await world.until(b!.publish('k'));
    await world.advance(10);
    expect(heard).toEqual(['closing', 'closed']);
    expect(a!.snapshot().subscriptions).toBe(0);
  });
});

describe('MeshBus isolation', () => {
  async function isolate(options = {}): Promise<{ bus: MeshBus; lines: string[]; statuses: MeshStatus[] }> {
    const { lines, logger } = logOf();
    const bus = world.bus({ logger, ...options });
    const other = world.bus();
    await world.until(Promise.all([bus.start(), other.start()]));
    await world.until(bus.waitForPeers(1));
    const statuses: MeshStatus[] = [];
    bus.onStatus((status) => statuses.push(status));
    world.network.isCut = () => true;
    await world.advance(60_000);
    return { bus, lines, statuses };
  }

  it('is told by status, health and one warning, and by nothing else', async () => {
    const { bus, lines, statuses } = await isolate();
    const resyncs: unknown[] = [];
    bus.onResync((resync) => resyncs.push(resync));
    expect([statuses, bus.isReady(), bus.isHealthy(), resyncs]).toEqual([['isolated'], true, false, []]);
    expect(lines.filter((line) => line.startsWith('warn'))).toEqual([expect.stringContaining('fell silent')]);
    expect(bus.metrics()).toMatchObject({ resyncs: 0, lost: 1 });
  });

  it('ends when someone is heard again, with a resync that covers what was missed', async () => {
    const { bus, statuses } = await isolate();
    const resyncs: unknown[] = [];
    bus.onResync(({ reason, all, matches }) => resyncs.push([reason, all, matches('any')]));
    world.network.isCut = () => false;
    await world.advance(60_000);
    expect([statuses, bus.isHealthy()]).toEqual([['isolated', 'ready'], true]);
    expect(resyncs).toEqual([['heal', true, true]]);
  });

  it('raises a resync of everything with onIsolation: flush', async () => {
    const [bus, other] = [world.bus({ onIsolation: 'flush' }), world.bus()];
    await world.until(Promise.all([bus.start(), other.start()]));
    await world.until(bus.waitForPeers(1));
    const resyncs: unknown[] = [];
    bus.onResync((resync) => resyncs.push({ ...resync, covers: resync.matches('any') }));
    world.network.isCut = () => true;
    await world.advance(60_000);
    expect(resyncs).toEqual([
      { reason: 'isolated', origin: undefined, all: true, covers: true, matches: expect.any(Function) },
    ]);
    expect(bus.metrics().resyncs).toBe(1);
  });

  it('raises a second one on return: what was cached meanwhile may be stale', async () => {
    const { bus } = await isolate({ onIsolation: 'flush' });
    const reasons: string[] = [];
    bus.onResync(({ reason }) => reasons.push(reason));
    world.network.isCut = () => false;
    await world.advance(60_000);
    expect(reasons).toEqual(['heal']);
  });

  it('warns once where a resync is raised and nobody listens', async () => {
    const { lines } = await isolate({ onIsolation: 'flush' });
    expect(lines.filter((line) => line.includes('stale entries may remain'))).toHaveLength(1);
  });
});

describe('createClientBus', () => {
  it('makes a bus of the role client', () => {
    const bus = createClientBus({ group: false, logger: false });
    expect(bus).toBeInstanceOf(MeshBus);
    expect(bus.snapshot().role).toBe('client');
  });
});
