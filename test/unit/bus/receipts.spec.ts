import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MeshBus } from '../../../lib/bus/mesh-bus.js';
import type { MeshReceipt } from '../../../lib/bus/mesh-receipt.js';
import { MeshQuorumError } from '../../../lib/errors/mesh-quorum-error.js';
import type { MeshOptions } from '../../../lib/options/mesh-options.js';
import { PacketType } from '../../../lib/wire/packet.js';
import { MemoryWorld } from '../../support/memory-world.js';
import { seededRandom } from '../../support/seeded-random.js';
import { lose } from '../../support/resync-causes.js';

const KEY = 'invalidate:user:42';

describe('MeshBus.publishAndAwait', () => {
  let world: MemoryWorld;
  beforeEach(() => {
    world = new MemoryWorld();
  });
  afterEach(() => world.close());

  async function mesh(count: number, options: MeshOptions = {}): Promise<[MeshBus, ...MeshBus[]]> {
    return (await world.mesh(count, { heartbeat: 1000, ...options })) as [MeshBus, ...MeshBus[]];
  }
  const ids = (nodes: readonly { readonly id: string }[]): string[] => nodes.map(({ id }) => id).sort();
  const idsOf = (buses: readonly MeshBus[]): string[] => ids(buses);
  async function refusalOf(waiting: Promise<MeshReceipt>): Promise<MeshQuorumError<MeshReceipt>> {
    const error: unknown = await world.until(waiting).catch((reason: unknown) => reason);
    if (!(error instanceof MeshQuorumError)) throw new Error(`not refused: ${String(error)}`);
    return error as MeshQuorumError<MeshReceipt>;
  }

  it('resolves when so many others have run their handlers to the end', async () => {
    const [bus, ...others] = await mesh(4);
    const ends: (() => void)[] = [];
    for (const other of others) other.subscribe('invalidate:*', () => new Promise<void>((end) => ends.push(end)));
    let receipt: MeshReceipt | undefined;
    const waiting = bus.publishAndAwait(KEY, 2).then((one) => (receipt = one));
    await world.advance(100);
    expect(ends).toHaveLength(3);
    ends[0]?.();
    await world.advance(100);
    expect(receipt).toBeUndefined();
    ends[1]?.();
    await world.until(waiting);
    expect(ids(receipt!.acked)).toEqual(idsOf(others.slice(0, 2)));
    expect(ids(receipt!.missing)).toEqual([others[2]!.id]);
    expect(receipt!.acked.map(({ address }) => address).sort()).toEqual(others.slice(0, 2).map((one) => one.address));
    ends[2]?.();
  });

  it('lists who has no handler, and counts it', async () => {
    const [bus, handling, idle] = await mesh(3);
    handling!.subscribe('invalidate:*', () => undefined);
    idle!.subscribe('other:*', () => undefined);
    const receipt = await world.until(bus.publishAndAwait(KEY, 'all'));
    expect(receipt).toMatchObject({ refused: [], missing: [], legacy: [], zones: [] });
    expect([ids(receipt.acked), ids(receipt.idle)]).toEqual([[handling!.id], [idle!.id]]);
  });

  it.each([
    [1, 0],
    [2, 1],
    [3, 1],
    [4, 2],
    [5, 2],
  ])('takes as many of a mesh of %d as a majority needs: %d', async (count, needed) => {
    const [bus, ...others] = await mesh(count);
    const ends: (() => void)[] = [];
    for (const other of others) other.subscribe('*', () => new Promise<void>((end) => ends.push(end)));
    let over = false;
    const waiting = bus.publishAndAwait(KEY, 'quorum').finally(() => {
      over = true;
    });
    await world.advance(100);
    for (let ended = 0; ended < needed; ended++) {
      expect(over).toBe(false);
      ends[ended]?.();
      await world.advance(100);
    }
    expect(over).toBe(true);
    expect((await waiting).acked).toHaveLength(needed);
    for (const end of ends) end();
  });

  it('resolves at once for all of nobody', async () => {
    const [bus] = await mesh(1);
    const receipt = await world.until(bus.publishAndAwait(KEY, 'all'));
    expect(receipt).toMatchObject({ acked: [], idle: [], missing: [] });
  });

  it('is refused at once where there are not so many', async () => {
    const [bus, other] = await mesh(2);
    const heard: string[] = [];
    other!.subscribe('*', ({ key }) => heard.push(key));
    const before = world.clock.now();
    const error = await refusalOf(bus.publishAndAwait(KEY, 2));
    expect(error.code).toBe('MESH_ERR_QUORUM_NOT_SATISFIED');
    expect(error.message).toContain('1 nodes can answer');
    expect(world.clock.now() - before).toBeLessThan(100);
    await world.advance(100);
    // What was written was written: the others are told all the same.
    expect(heard).toEqual([KEY]);
  });

  it('is refused after the time that was given, with the receipt as it is then', async () => {
    const [bus, quick, slow] = await mesh(3);
    quick!.subscribe('*', () => undefined);
    slow!.subscribe('*', () => new Promise(() => undefined));
    const error = await refusalOf(bus.publishAndAwait(KEY, 2, { timeout: 300 }));
    expect(error.message).toContain('300 ms have passed: 1 acked, 0 idle, 0 refused, 1 missing');
    expect(error.receipt.elapsed).toBeGreaterThanOrEqual(300);
    expect(ids(error.receipt.missing)).toEqual([slow!.id]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ])('tells of a handler that %s as a refusal', async (_how, handler) => {
    const [bus, good, bad] = await mesh(3);
    good!.subscribe('*', () => undefined);
    bad!.subscribe('*', handler);
    const error = await refusalOf(bus.publishAndAwait(KEY, 'all'));
    expect(error.message).toContain('a handler has failed');
    expect(ids(error.receipt.refused)).toEqual([bad!.id]);
    expect(ids((await world.until(bus.publishAndAwait(KEY, 1))).acked)).toEqual([good!.id]);
  });

  it('waits for all handlers of a node, batches among them', async () => {
    const [bus, other] = await mesh(2);
    const order: string[] = [];
    other!.subscribe('*', () => order.push('event'));
    let end!: () => void;
    other!.subscribeBatch('*', async () => {
      await new Promise<void>((resolve) => (end = resolve));
      order.push('batch');
    });
    const waiting = bus.publishAndAwait(KEY, 1).then(() => order.push('receipt'));
    await world.advance(200);
    expect(order).toEqual(['event']);
    end();
    await world.until(waiting);
    expect(order).toEqual(['event', 'batch', 'receipt']);
  });

  it('lets go of one that dies or leaves, and reports it', async () => {
    const [bus, staying, going] = await mesh(3);
    staying!.subscribe('*', () => undefined);
    going!.subscribe('*', () => new Promise(() => undefined));
    const waiting = bus.publishAndAwait(KEY, 'all', { timeout: 60_000 });
    await world.advance(10);
    await world.until(going!.close());
    const receipt = await world.until(waiting);
    expect([ids(receipt.acked), ids(receipt.missing)]).toEqual([[staying!.id], [going!.id]]);
  });

  it('counts no client', async () => {
    const [bus, other] = await mesh(2);
    const client = world.bus({ heartbeat: 1000 }, { role: 'client' });
    await world.until(client.start());
    await world.until(bus.waitForPeers(2));
    other!.subscribe('*', () => undefined);
    client.subscribe('*', () => new Promise(() => undefined));
    expect(ids((await world.until(bus.publishAndAwait(KEY, 'all'))).acked)).toEqual([other!.id]);
    expect((await refusalOf(bus.publishAndAwait(KEY, 2))).message).toContain('1 nodes can answer');
  });

  it.each([
    ['the event', [PacketType.BATCH]],
    ['the receipt', [PacketType.RECEIPT]],
  ])('does not mind that %s is lost', async (_what, types) => {
    const [bus, other] = await mesh(2);
    let runs = 0;
    other!.subscribe('*', () => {
      runs++;
    });
    lose(world, ...types);
    const waiting = bus.publishAndAwait(KEY, 'all', { timeout: 10_000 });
    await world.advance(20);
    world.network.isCut = () => false;
    const receipt = await world.until(waiting);
    expect(ids(receipt.acked)).toEqual([other!.id]);
    expect(runs).toBe(1);
  });

  it('takes a covering resync that was handled for heard, and one that nobody handles for refused', async () => {
    const [bus, handling, deaf] = await mesh(3);
    for (const one of [handling!, deaf!]) one.subscribe('*', () => undefined);
    let handled = 0;
    handling!.onResync(async () => {
      await Promise.resolve();
      handled++;
    });
    lose(world, PacketType.BATCH, PacketType.REPAIR);
    const waiting = bus.publishAndAwait(KEY, 1, { timeout: 60_000 });
    const receipt = await world.until(waiting);
    expect(handled).toBe(1);
    expect(ids(receipt.acked)).toEqual([handling!.id]);
    await world.advance(1000);
    expect(deaf!.metrics().resyncs).toBe(1);
  });

  it('resolves 1000 waits at once', async () => {
    const [bus, ...others] = await mesh(3);
    for (const other of others) other.subscribe('*', () => Promise.resolve());
    const receipts = await world.until(
      Promise.all(Array.from({ length: 1000 }, (_, index) => bus.publishAndAwait(`k:${index}`, 'all'))),
    );
    expect(receipts.every(({ acked }) => acked.length === 2)).toBe(true);
    expect(bus.metrics().resyncs).toBe(0);
  });

  it('resolves 1000 waits at 10 % loss, each handler run once (seed 1)', async () => {
    const [bus, ...others] = await mesh(3);
    const random = seededRandom(1);
    let lost = 0;
    let runs = 0;
    for (const other of others) {
      other.subscribe('*', async () => {
        await Promise.resolve();
        runs++;
      });
    }
    world.network.isCut = () => {
      const isLost = random.u32() % 10 === 0;
      if (isLost) lost++;
      return isLost;
    };
    const receipts: MeshReceipt[] = [];
    for (let round = 0; round < 10; round++) {
      const keys = Array.from({ length: 100 }, (_, index) => `k:${round}:${index}`);
      receipts.push(
        ...(await world.until(Promise.all(keys.map((key) => bus.publishAndAwait(key, 'all', { timeout: 10_000 }))))),
      );
    }
    expect(receipts.map(({ acked }) => acked.length)).toEqual(Array.from({ length: 1000 }, () => 2));
    expect(runs).toBe(2000);
    expect(lost).toBeGreaterThan(10);
    expect(others.map((other) => other.metrics().resyncs)).toEqual([0, 0]);
  });

  it('revokes a lease, and waits if it is told to', async () => {
    const [bus, other] = await mesh(2);
    const heard: string[] = [];
    other!.subscribeLease('a', ({ key }) => heard.push(key));
    await world.until(bus.revokeLease('a'));
    await world.advance(10);
    const receipt = await world.until(bus.revokeLease('a', { await: 'all' }));
    expect(ids(receipt.acked)).toEqual([other!.id]);
    expect(heard).toEqual(['lease:a', 'lease:a']);
    await expect(bus.revokeLease('', { await: 1 })).rejects.toMatchObject({ code: 'MESH_ERR_KEY' });
  });

  it('says what has become of an event before it says goodbye', async () => {
    const [bus, other] = await mesh(2);
    let end!: () => void;
    other!.subscribe('*', () => new Promise<void>((resolve) => (end = resolve)));
    const waiting = bus.publishAndAwait(KEY, 'all');
    await world.advance(10);
    const closing = other!.close();
    await world.advance(10);
    expect(other!.status).toBe('closing');
    end();
    await world.until(closing);
    expect(ids((await world.until(waiting)).acked)).toEqual([other!.id]);
  });

  it('waits a second, and no longer, for handlers when it is to close', async () => {
    const [bus, other] = await mesh(2);
    other!.subscribe('*', () => new Promise(() => undefined));
    await world.until(bus.publish(KEY));
    await world.advance(10);
    const before = world.clock.now();
    await world.until(other!.close());
    expect(world.clock.now() - before).toBeGreaterThanOrEqual(1000);
    expect(world.clock.now() - before).toBeLessThan(2000);
  });

  it('is a publish otherwise: data arrive, each call is an event, what is wrong is told', async () => {
    const [bus, other] = await mesh(2);
    const heard: unknown[] = [];
    other!.subscribe('*', ({ data }) => heard.push(data));
    await world.until(
      Promise.all([bus.publishAndAwait(KEY, 1, { data: 1 }), bus.publishAndAwait(KEY, 1), bus.publishAndAwait(KEY, 1)]),
    );
    expect(heard).toEqual([1, undefined, undefined]);
    await expect(bus.publishAndAwait('', 1)).rejects.toMatchObject({ code: 'MESH_ERR_KEY' });
    await expect(bus.publishAndAwait(KEY, 1, { timeout: -1 })).rejects.toMatchObject({ code: 'MESH_ERR_ARGUMENT' });
    await expect(bus.publishAndAwait(KEY, 1, { data: 'x'.repeat(65_535) })).rejects.toMatchObject({
      code: 'MESH_ERR_DATA_TOO_LARGE',
    });
    for (const wrong of [-1, 1.5, 'most', undefined]) {
      await expect(bus.publishAndAwait(KEY, wrong as number)).rejects.toMatchObject({
        code: 'MESH_ERR_ARGUMENT',
      });
    }
  });

  it('ends when its signal aborts, or the bus is closed', async () => {
    const [bus, other] = await mesh(2);
    other!.subscribe('*', () => new Promise(() => undefined));
    const stop = new AbortController();
    const aborted = bus.publishAndAwait(KEY, 1, { signal: stop.signal });
    await world.advance(10);
    stop.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    const closed = bus.publishAndAwait(KEY, 1);
    const verdict = expect(closed).rejects.toMatchObject({ code: 'MESH_ERR_CLOSED' });
    await world.until(bus.close());
    await verdict;
  });
});

describe('MeshBus.publishAndAwaitTopology', () => {
  it('resolves when nodes of so many zones have answered, and is refused where there are not so many', async () => {
    const world = new MemoryWorld();
    const [bus, ...others] = ['eu', 'eu', 'us', 'us'].map((zone) => world.bus({ zone }));
    const all = [bus!, ...others];
    await world.until(Promise.all(all.map((one) => one.start())));
    await world.until(Promise.all(all.map((one) => one.waitForPeers(3))));
    const receipt = await world.until(bus!.publishAndAwaitTopology(KEY, 2));
    expect([...receipt.zones].sort()).toEqual(['eu', 'us']);
    const refused = world.until(bus!.publishAndAwaitTopology(KEY, 3));
    await expect(refused).rejects.toThrow('2 zones can answer');
    await world.close();
  });
});
