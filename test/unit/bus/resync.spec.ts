import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MeshBus } from '../../../lib/bus/mesh-bus.js';
import type { MeshResync } from '../../../lib/bus/mesh-resync.js';
import type { MeshRole } from '../../../lib/bus/mesh-peer.js';
import type { MeshOptions } from '../../../lib/options/mesh-options.js';
import { PacketType } from '../../../lib/wire/packet.js';
import { MemoryWorld } from '../../support/memory-world.js';
import { lose, RESYNC_CAUSES, started } from '../../support/resync-causes.js';

let world: MemoryWorld;
let warnings: string[];
const logger = { error: () => {}, warn: (message: string) => warnings.push(message), log: () => {} };

beforeEach(() => {
  world = new MemoryWorld();
  warnings = [];
});
afterEach(() => world.close());

async function pair(options: MeshOptions = {}, role: MeshRole = 'member'): Promise<{ sender: MeshBus; bus: MeshBus }> {
  const [sender, bus] = [world.bus(options), world.bus({ logger, ...options }, { role })];
  await world.until(Promise.all([sender.start(), bus.start()]));
  await world.until(Promise.all([sender.waitForPeers(1), bus.waitForPeers(1)]));
  return { sender, bus };
}

function resyncsOf(bus: MeshBus): MeshResync[] {
  const resyncs: MeshResync[] = [];
  bus.onResync((resync) => resyncs.push(resync));
  return resyncs;
}

/** A key that is lost, with all that could bring it back. */
async function loseKey(sender: MeshBus, key: string, ...further: readonly number[]): Promise<void> {
  lose(world, PacketType.BATCH, PacketType.REPAIR, ...further);
  await world.until(sender.publish(key));
  await world.advance(10_000);
}

/** More waits than may. */
async function overload(sender: MeshBus, ...keys: readonly string[]): Promise<void> {
  await world.until(sender.publish(keys));
  await world.advance(10);
}

describe('MeshBus.onResync', () => {
  it('tells what was coarsened, by bucket, and works detached', async () => {
    const { sender, bus } = await pair({ limits: { pendingKeys: 1 } });
    const resyncs = resyncsOf(bus);
    await overload(sender, 'a', 'b');
    expect(resyncs).toEqual([
      { reason: 'overload', origin: sender.id, all: false, matches: expect.any(Function) as unknown },
    ]);
    const { matches } = resyncs[0]!;
    expect(['a', 'b', 'c'].map((key) => matches(key))).toEqual([true, true, false]);
    expect(Object.isFrozen(resyncs[0])).toBe(true);
  });

  it('tells of all keys where a pattern was coarsened', async () => {
    const { sender, bus } = await pair({ limits: { pendingKeys: 1 } });
    const resyncs = resyncsOf(bus);
    const sent = [sender.publish('a'), sender.publishMatching('user:*')];
    await world.until(Promise.all(sent));
    await world.advance(10);
    expect(resyncs).toMatchObject([{ reason: 'overload', origin: sender.id, all: true }]);
    expect(resyncs[0]?.matches('order:1')).toBe(true);
  });

  it('tells of a gap by the buckets of what was lost', async () => {
    const { sender, bus } = await pair();
    const resyncs = resyncsOf(bus);
    await loseKey(sender, 'lost');
    expect(resyncs).toMatchObject([{ reason: 'gap', origin: sender.id, all: false }]);
    expect([resyncs[0]?.matches('lost'), resyncs[0]?.matches('other')]).toEqual([true, false]);
    expect(bus.metrics().gaps).toBeGreaterThan(0);
    expect(bus.metrics().nacksSent).toBeGreaterThan(0);
    expect(sender.metrics().repairsSent).toBeGreaterThan(0);
    expect(warnings).toEqual([]);
  });

  it('tells of all keys where nobody says which', async () => {
    const { sender, bus } = await pair();
    const resyncs = resyncsOf(bus);
    await loseKey(sender, 'lost', PacketType.RESYNC);
    expect(resyncs).toMatchObject([{ reason: 'gap', origin: sender.id, all: true }]);
  });

  it.each(RESYNC_CAUSES)('tells of $reason, and of nothing else', async ({ reason, options, happen }) => {
    const bus = await started(world, options);
    const resyncs = resyncsOf(bus);
    await happen(world, bus);
    expect(resyncs.map((resync) => resync.reason)).toEqual([reason]);
    expect(bus.metrics()).toMatchObject({ resyncs: 1, resyncReasons: { [reason]: 1 } });
  });

  it('is counted, in all and by reason', async () => {
    const { sender, bus } = await pair({ limits: { pendingKeys: 1 } });
    expect(bus.metrics()).toMatchObject({ resyncs: 0, resyncReasons: {} });
    resyncsOf(bus);
    await overload(sender, 'a', 'b');
    await overload(sender, 'a', 'b');
    await loseKey(sender, 'lost');
    const metrics = bus.metrics();
    expect(metrics).toMatchObject({ resyncs: 3, resyncReasons: { overload: 2, gap: 1 } });
    expect(metrics).not.toHaveProperty('resyncsRaised');
    // What was given out stays as it was.
    await overload(sender, 'a', 'b');
    expect(metrics.resyncReasons).toEqual({ overload: 2, gap: 1 });
  });

  it('harms nobody when a listener throws', async () => {
    const { sender, bus } = await pair({ limits: { pendingKeys: 1 } });
    bus.onResync(() => {
      throw new TypeError('no');
    });
    const resyncs = resyncsOf(bus);
    await overload(sender, 'a', 'b');
    expect([resyncs.length, bus.metrics().handlerFailures]).toEqual([1, 1]);
  });

  it('brings one warning, in plain words, where nobody listens', async () => {
    const { sender } = await pair({ limits: { pendingKeys: 1 } });
    await overload(sender, 'a', 'b');
    await overload(sender, 'a', 'b');
    expect(warnings).toEqual([
      'keys may have been missed (a resync "overload"), and nothing listens for that: stale entries may remain. Drop ' +
        'what a resync covers: bus.onResync(({ matches }) => …), or in Nest a method with @OnMeshResync(). This is said once',
    ]);
  });

  it('brings no warning to a client, which holds nothing', async () => {
    const { sender, bus } = await pair({ limits: { pendingKeys: 1 } }, 'client');
    await overload(sender, 'a', 'b');
    await loseKey(sender, 'lost', PacketType.RESYNC);
    expect(warnings).toEqual([]);
    expect(bus.metrics().resyncReasons).toMatchObject({ overload: 1 });
  });
});

describe('ResyncLog', () => {
  it('warns of a resync of all keys, by reason and address, once a minute', async () => {
    const { sender, bus } = await pair();
    resyncsOf(bus);
    const line =
      `mesh "default": a resync "gap" of ${sender.address} covers all keys: datagrams were lost, and nobody could ` +
      'repeat them';
    for (let time = 0; time < 3; time++) await loseKey(sender, 'secret', PacketType.RESYNC);
    expect(warnings).toEqual([line]);
    await world.advance(60_000);
    await loseKey(sender, 'secret', PacketType.RESYNC);
    expect(warnings).toEqual([line, `${line}; 2 more since this was last said`]);
    expect(warnings.join()).not.toContain('secret');
  });

  it('names a peer that died by the address that it had', async () => {
    const cause = RESYNC_CAUSES.find(({ reason }) => reason === 'peer-lost');
    const bus = await started(world, { logger });
    resyncsOf(bus);
    await cause?.happen(world, bus);
    expect(warnings).toEqual([
      'mesh "default": a resync "peer-lost" of 10.0.0.2:7946 covers all keys: it died, and nobody can tell all that it said',
    ]);
  });
});
