import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { MeshBus, MeshOptions, MeshResync } from '../../../lib/index.js';
import { createMemoryMesh, type MemoryMesh } from '../../../lib/testing/index.js';

let mesh: MemoryMesh;

beforeEach(() => {
  mesh = createMemoryMesh();
});
afterEach(async () => {
  jest.useRealTimers();
  await mesh.close();
});

async function start(options?: MeshOptions): Promise<MeshBus> {
  const bus = mesh.bus(options);
  await bus.start();
  return bus;
}

async function three(options?: MeshOptions): Promise<readonly [MeshBus, MeshBus, MeshBus]> {
  const buses = [mesh.bus(options), mesh.bus(options), mesh.bus(options)] as const;
  await Promise.all(buses.map((bus) => bus.start()));
  await mesh.settled();
  return buses;
}

function keysAt(bus: MeshBus): string[] {
  const keys: string[] = [];
  bus.subscribe('*', ({ key }) => keys.push(key));
  return keys;
}

function resyncsAt(bus: MeshBus): MeshResync[] {
  const resyncs: MeshResync[] = [];
  bus.onResync((resync) => resyncs.push(resync));
  return resyncs;
}

const reasons = (resyncs: readonly MeshResync[]): string[] => resyncs.map(({ reason }) => reason);

describe('MemoryMesh', () => {
  it('carries what is published to everyone else', async () => {
    const [a, b, c] = await three();
    const heard = [a, b, c].map(keysAt);
    await a.publish('user:42');
    await mesh.settled();
    expect(heard).toEqual([[], ['user:42'], ['user:42']]);
  });

  it('delivers what is under way without being told to', async () => {
    const [a, b] = await three();
    const stream = b.stream('*');
    void a.publish('user:42');
    expect(await stream.next()).toMatchObject({ value: { key: 'user:42' } });
  });

  it('keeps clusters apart', async () => {
    const [shop, other] = [await start({ cluster: 'shop' }), await start({ cluster: 'other' })];
    const heard = keysAt(other);
    await shop.publish('user:42');
    await mesh.settled();
    expect(heard).toEqual([]);
    expect(shop.peers()).toEqual([]);
  });

  it('keeps meshes apart', async () => {
    const [a] = await three();
    const elsewhere = createMemoryMesh();
    await elsewhere.bus().start();
    await elsewhere.settled();
    expect(a.peers()).toHaveLength(2);
    await elsewhere.close();
  });

  it('joins without a group by any host name', async () => {
    const options = { group: false, peers: ['shop.default.svc'] } as const;
    const [a, b] = [await start(options), await start(options)];
    await mesh.settled();
    expect(a.peers().map(({ id }) => id)).toEqual([b.id]);
  });

  it('lets as much time pass as it is told to', async () => {
    const [a] = await three();
    const before = a.peers()[0]?.lastHeard ?? 0;
    await mesh.advance(20_000);
    const after = a.peers()[0]?.lastHeard ?? 0;
    expect(after - before).toBeGreaterThan(10_000);
    expect(after - before).toBeLessThanOrEqual(20_000);
  });

  it('fires timers of a bus by its own time', async () => {
    const a = await start();
    const waiting = expect(a.waitForPeers(1, { timeout: 1000 })).rejects.toMatchObject({ code: 'MESH_ERR_TIMEOUT' });
    await mesh.advance(1000);
    await waiting;
  });

  it('sends what is published together although there is more than fits at once', async () => {
    const [a, b] = await three();
    const heard = keysAt(b);
    const keys = Array.from({ length: 5000 }, (_, index) => `user:${index}`);
    for (const key of keys) void a.publish(key);
    await a.publish('last');
    await mesh.settled();
    expect(new Set(heard)).toEqual(new Set([...keys, 'last']));
  });

  it.each([
    ['seed', () => createMemoryMesh({ seed: 0.5 })],
    ['number of datagrams', () => mesh.lose(0)],
    ['none of this mesh', () => mesh.partition([createMemoryMesh().bus()])],
    ['none of this mesh', () => mesh.lose(1, { from: createMemoryMesh().bus() })],
    ['none of this mesh', () => mesh.resync({ buses: [createMemoryMesh().bus()] })],
  ])('refuses a wrong argument: %s', (text, call) => {
    expect(call).toThrow(
      expect.objectContaining({ code: 'MESH_ERR_ARGUMENT', message: expect.stringContaining(text) }),
    );
  });

  it('refuses wrong times', async () => {
    await expect(mesh.advance(-1)).rejects.toMatchObject({ code: 'MESH_ERR_ARGUMENT' });
    await expect(mesh.settled({ timeout: -1 })).rejects.toMatchObject({ code: 'MESH_ERR_ARGUMENT' });
  });
});

describe('MemoryMesh.settled', () => {
  it('waits for asynchronous handlers, and for what they publish', async () => {
    const [a, b, c] = await three();
    const ended: string[] = [];
    b.subscribe('user:*', async ({ key }) => {
      await new Promise(setImmediate);
      await b.publish(`seen:${key}`);
    });
    c.subscribe('seen:*', async ({ key }) => {
      await new Promise(setImmediate);
      ended.push(key);
    });
    void a.publish('user:42');
    await mesh.settled();
    expect(ended).toEqual(['seen:user:42']);
  });

  it('waits for handlers that failed, and for those that had to wait for others', async () => {
    const a = await start();
    const b = await start({ limits: { handlers: 1 } });
    await mesh.settled();
    const ended: string[] = [];
    b.subscribe('*', async ({ key }) => {
      await new Promise(setImmediate);
      ended.push(key);
      throw new Error('failure');
    });
    await a.publish(['a', 'b', 'c']);
    await mesh.settled();
    expect(ended).toEqual(['a', 'b', 'c']);
    expect(b.metrics().handlerFailures).toBe(3);
  });

  it('waits for a bus that starts or closes', async () => {
    const bus = mesh.bus();
    const order: string[] = [];
    void bus.start().then(() => order.push('started'));
    await mesh.settled();
    void bus.close().then(() => order.push('closed'));
    await mesh.settled();
    expect(order).toEqual(['started', 'closed']);
  });

  it('says which handlers have not ended', async () => {
    const [a, b] = await three();
    const letGo: (() => void)[] = [];
    const hang = (): Promise<void> => new Promise((resolve) => letGo.push(resolve));
    b.subscribe('user:*', () => hang());
    b.subscribe('user:42', () => hang());
    b.onResync(hang);
    await a.publish('user:42');
    mesh.resync();
    const failure: unknown = await mesh.settled({ timeout: 0 }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'MESH_ERR_TIMEOUT' });
    const { message } = failure as Error;
    for (const name of ['"user:*"', '"user:42"', 'the resync "gap"']) expect(message).toContain(`a handler of ${name}`);
    expect(message).toContain(`${b.address ?? ''} (cluster "default") has not ended`);
    for (const resolve of letGo) resolve();
    await mesh.settled({ timeout: 0 });
  });

  it('does not wait for ever for handlers that publish for each other', async () => {
    const [a, b] = await three();
    const echo = (bus: MeshBus) => (): void => void bus.publish('ball');
    const subscriptions = [a.subscribe('ball', echo(a)), b.subscribe('ball', echo(b))];
    await a.publish('ball');
    await expect(mesh.settled()).rejects.toThrow('events are published without end');
    for (const subscription of subscriptions) subscription.unsubscribe();
    // Five seconds of the mesh's time are ten thousand events, on however busy a machine.
  }, 60_000);
});

describe('MemoryMesh.lose', () => {
  it('loses a datagram, which is repaired', async () => {
    const [a, b, c] = await three();
    const heard = [keysAt(b), keysAt(c)];
    const resyncs = resyncsAt(b);
    const loss = mesh.lose(1);
    await a.publish('user:42');
    await mesh.advance(1);
    expect([loss.count, ...heard]).toEqual([1, [], []]);
    await mesh.settled();
    expect(heard).toEqual([['user:42'], ['user:42']]);
    expect([loss.count, b.metrics().repaired, resyncs]).toEqual([1, 1, []]);
  });

  it('loses it for one of its receivers', async () => {
    const [a, b, c] = await three();
    const heard = [keysAt(b), keysAt(c)];
    const loss = mesh.lose(1, { from: a, to: c });
    await b.publish('of b');
    await a.publish('of a');
    await mesh.advance(1);
    expect(heard).toEqual([['of a'], ['of b']]);
    await mesh.settled();
    expect(heard).toEqual([['of a'], ['of b', 'of a']]);
    expect(loss.count).toBe(1);
  });

  it('ends as a resync when all is lost', async () => {
    const [a, b] = await three();
    const [heard, resyncs] = [keysAt(b), resyncsAt(b)];
    const loss = mesh.lose(Infinity);
    await a.publish('user:42');
    await mesh.settled();
    expect(heard).toEqual([]);
    expect(reasons(resyncs)).toEqual(['gap']);
    expect(resyncs[0]?.matches('user:42')).toBe(true);
    expect(loss.count).toBeGreaterThan(1);
    mesh.heal();
    await a.publish('user:43');
    await mesh.settled();
    expect(heard).toEqual(['user:43']);
  });

  it('ends as a resync when more was missed than can be repeated', async () => {
    const a = await start({ limits: { repairBytes: 65_536 } });
    const b = await start();
    await mesh.settled();
    const resyncs = resyncsAt(b);
    const keys = Array.from({ length: 200 }, (_, index) => `user:${index}:`.padEnd(1000, '-'));
    mesh.lose(Infinity);
    await a.publish(keys);
    mesh.heal();
    await mesh.settled();
    expect(resyncs.length).toBeGreaterThan(0);
    expect(resyncs.some(({ matches }) => matches(keys[0] ?? ''))).toBe(true);
  });
});

describe('MemoryMesh.partition', () => {
  it('cuts the sides off, and heals', async () => {
    const [a, b, c] = await three();
    const resyncs = resyncsAt(a);
    const heard = keysAt(b);
    const heal = mesh.partition([a], [b, c]);
    await mesh.settled();
    expect([a.status, b.status, c.status]).toEqual(['isolated', 'ready', 'ready']);
    expect(b.peers().map(({ id }) => id)).toEqual([c.id]);
    await a.publish('user:42');
    await mesh.settled();
    expect(heard).toEqual([]);
    heal();
    await mesh.settled();
    expect(a.status).toBe('ready');
    expect(b.peers()).toHaveLength(2);
    expect(reasons(resyncs)).toContain('heal');
    expect(heard).toEqual(['user:42']);
  });

  it('takes whoever is not named for one side', async () => {
    const [a, b] = await three();
    mesh.partition([b]);
    await mesh.settled();
    expect([a.peers().length, b.peers().length]).toEqual([1, 0]);
    mesh.heal();
    await mesh.settled();
    expect([a.peers().length, b.peers().length]).toEqual([2, 2]);
  });

  it('loses a peer with what only that one could have repeated', async () => {
    const [a, b, c] = await three({ heartbeat: 200 });
    const resyncs = resyncsAt(b);
    mesh.lose(1);
    await a.publish('missed');
    await a.publish('heard');
    await mesh.advance(1);
    mesh.partition([a], [b, c]);
    await mesh.settled();
    expect(reasons(resyncs)).toEqual(['peer-lost']);
    expect(resyncs[0]?.matches('missed')).toBe(true);
  });

  it('is repaired without a word when it is short', async () => {
    const [a, b] = await three();
    const [heard, resyncs] = [keysAt(b), resyncsAt(b)];
    const heal = mesh.partition([a]);
    await a.publish('user:42');
    await mesh.advance(500);
    expect(heard).toEqual([]);
    heal();
    await mesh.settled();
    expect([heard, resyncs]).toEqual([['user:42'], []]);
  });
});

describe('MemoryMesh.resync', () => {
  it('tells every bus that everything may have been missed', async () => {
    const told = (await three()).map(resyncsAt);
    mesh.resync();
    expect(told.map(reasons)).toEqual([['gap'], ['gap'], ['gap']]);
    expect(told[0]?.[0]?.all).toBe(true);
  });

  it('tells some buses of some keys', async () => {
    const [a, b] = await three();
    const [ofA, ofB] = [resyncsAt(a), resyncsAt(b)];
    mesh.resync({ reason: 'overload', keys: ['user:42'], buses: [b] });
    expect([reasons(ofA), reasons(ofB)]).toEqual([[], ['overload']]);
    const [resync] = ofB;
    expect([resync?.all, resync?.matches('user:42'), resync?.matches('user:43')]).toEqual([false, true, false]);
  });

  it('moves fences', async () => {
    const [a] = await three();
    const fences = ['user:42', 'user:43'].map((key) => a.fence(key));
    mesh.resync({ keys: ['user:42'] });
    expect(fences.map((fence) => fence.isCurrent())).toEqual([false, true]);
  });
});

describe('MemoryMesh, again', () => {
  async function run(seed: number): Promise<unknown> {
    const again = createMemoryMesh({ seed });
    const buses = [again.bus(), again.bus(), again.bus()] as const;
    await Promise.all(buses.map((bus) => bus.start()));
    again.lose(3);
    for (let index = 0; index < 20; index++) await buses[index % 2]?.publish(`user:${index}`);
    await again.settled();
    const snapshots = buses.map((bus) => bus.snapshot());
    await again.close();
    return snapshots;
  }

  it('goes the same way with the same seed, and another with another', async () => {
    const once = await run(7);
    expect(await run(7)).toEqual(once);
    expect(await run(8)).not.toEqual(once);
  });
});

describe('MemoryMesh under fake timers', () => {
  beforeEach(() => void jest.useFakeTimers());

  it('starts, delivers, settles and closes', async () => {
    const [a, b] = await three();
    const heard: string[] = [];
    const own = await start({ selfDelivery: true });
    own.subscribe('*', ({ key }) => heard.push(`own ${key}`));
    b.subscribeBatch('*', async (events) => void heard.push(...events.map(({ key }) => key)));
    mesh.lose(1);
    await a.publish('user:42');
    await own.publish('user:43');
    await mesh.settled();
    expect(heard.sort()).toEqual(['own user:42', 'own user:43', 'user:42', 'user:43']);
    await mesh.close();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('waits for a handler until its timer has been made to fire', async () => {
    const [a, b] = await three();
    const ended: string[] = [];
    b.subscribe('*', async ({ key }) => {
      await new Promise((resolve) => setTimeout(resolve, 60_000));
      ended.push(key);
    });
    await a.publish('user:42');
    await expect(mesh.settled({ timeout: 0 })).rejects.toThrow('a handler of "*"');
    jest.advanceTimersByTime(60_000);
    await mesh.settled({ timeout: 0 });
    expect(ended).toEqual(['user:42']);
  });

  it('has a time of its own', async () => {
    const [a] = await three();
    const { lastHeard } = a.peers()[0] ?? {};
    await jest.advanceTimersByTimeAsync(3_600_000);
    expect([a.peers().length, a.peers()[0]?.lastHeard]).toEqual([2, lastHeard]);
  });
});

describe('MemoryMesh.close', () => {
  it('closes all buses, again and again, and makes no more', async () => {
    const buses = await three();
    await Promise.all([mesh.close(), mesh.close()]);
    await mesh.close();
    expect(buses.map(({ status }) => status)).toEqual(['closed', 'closed', 'closed']);
    expect(() => mesh.bus()).toThrow(expect.objectContaining({ code: 'MESH_ERR_CLOSED' }));
    await mesh.settled();
  });

  it('leaves nothing open, nor does a mesh that rests', async () => {
    const before = await openPorts();
    const during: number[] = [];
    const bus = mesh.bus();
    bus.onStatus(() => during.push(ports()));
    await bus.start();
    await mesh.settled();
    expect(await openPorts()).toBe(before);
    await mesh.close();
    expect(await openPorts()).toBe(before);
    expect(Math.max(...during)).toBe(before + 1);
  });
});

function ports(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
}

/** Behind a turn, in which what was closed goes. */
async function openPorts(): Promise<number> {
  await new Promise(setImmediate);
  return ports();
}
