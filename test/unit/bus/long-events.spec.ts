import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MeshBus } from '../../../lib/bus/mesh-bus.js';
import type { MeshEvent } from '../../../lib/bus/mesh-event.js';
import { rawData } from '../../../lib/bus/raw-data.js';
import type { MeshOptions } from '../../../lib/options/mesh-options.js';
import { PacketType } from '../../../lib/wire/packet.js';
import { MemoryWorld } from '../../support/memory-world.js';
import { seededRandom } from '../../support/seeded-random.js';
import { SECRET } from '../../support/secrets.js';

/** As JSON just 64 KiB. */
const LONGEST = 'x'.repeat(64 * 1024 - 2);

function textOf(bytes: number, seed: number): string {
  const random = seededRandom(seed);
  return Array.from({ length: bytes }, () => String.fromCharCode(97 + (random.u32() % 26))).join('');
}

describe('events and questions longer than a datagram', () => {
  let world: MemoryWorld;
  beforeEach(() => {
    world = new MemoryWorld();
  });
  afterEach(() => world.close());

  async function mesh(count: number, options: MeshOptions = {}): Promise<[MeshBus, MeshBus, ...MeshBus[]]> {
    return (await world.mesh(count, { heartbeat: 1000, ...options })) as [MeshBus, MeshBus, ...MeshBus[]];
  }

  const KINDS: readonly (readonly [string, MeshOptions])[] = [
    ['plain', {}],
    ['sealed', { secret: SECRET }],
    ['in a named cluster', { cluster: 'shop' }],
    ['by the group', { group: '239.0.0.1' }],
  ];

  it.each(KINDS)('arrive once and whole, %s', async (_name, options) => {
    const [sender, ...others] = await mesh(3, options);
    const heard: MeshEvent[] = [];
    for (const other of others) other.subscribe('k:*', (event) => heard.push(event));
    const metadata = { trace: textOf(3000, 1) };
    const data = { text: textOf(60_000, 2) };
    await world.until(sender.publish('k:both', { data, metadata }));
    await world.until(sender.publish('k:data', { data: LONGEST }));
    await world.until(sender.publish('k:metadata', { metadata }));
    await world.until(sender.publish('k:raw', { data: rawData(Buffer.from(textOf(5000, 3))) }));
    await world.until(sender.publish('k:bare'));
    await world.advance(100);
    const wanted = [
      { key: 'k:both', data, metadata },
      { key: 'k:data', data: LONGEST, metadata: {} },
      { key: 'k:metadata', data: undefined, metadata },
      { key: 'k:raw' },
      { key: 'k:bare', data: undefined, metadata: {} },
    ];
    for (const key of wanted.map((one) => one.key)) {
      expect(heard.filter((event) => event.key === key)).toHaveLength(2);
    }
    for (const one of wanted) expect(heard.find(({ key }) => key === one.key)).toMatchObject(one);
    expect(heard.every(({ origin }) => origin === sender.id)).toBe(true);
    expect(others.map((other) => other.metrics())).toMatchObject(others.map(() => ({ delivered: 5, resyncs: 0 })));
  });

  it('are told to own subscribers too, and let the datagrams of others in between pass', async () => {
    const [one, other] = await mesh(2, { selfDelivery: true });
    const heard = new Map<MeshBus, string[]>([
      [one, []],
      [other, []],
    ]);
    for (const [bus, keys] of heard) bus.subscribe('*', ({ key, data }) => keys.push(`${key} ${String(data).length}`));
    const sent: Promise<void>[] = [];
    for (let round = 0; round < 5; round++) {
      for (const bus of [one, other]) {
        sent.push(bus.publish(`${bus === one ? 'one' : 'other'}:${round}`, { data: LONGEST }));
        sent.push(bus.publish(`short:${bus === one ? 'one' : 'other'}:${round}`, { data: 1 }));
      }
    }
    await world.until(Promise.all(sent));
    await world.advance(1000);
    for (const keys of heard.values()) {
      expect(keys).toHaveLength(20);
      expect(new Set(keys).size).toBe(20);
      expect(keys.filter((text) => text.endsWith(` ${LONGEST.length}`))).toHaveLength(10);
    }
  });

  it('are acknowledged when the whole event has been dealt with, at 30 % loss', async () => {
    const [sender, ...others] = await mesh(3);
    const random = seededRandom(7);
    let lost = 0;
    const ended: string[] = [];
    for (const other of others) {
      other.subscribe('k', async ({ data }) => {
        await Promise.resolve();
        ended.push(data as string);
      });
    }
    world.network.isLost = () => random.u32() % 10 < 3 && ++lost > 0;
    const receipt = await world.until(sender.publishAndAwait('k', 'all', { data: LONGEST, timeout: 20_000 }));
    expect(receipt.acked).toHaveLength(2);
    expect(ended).toEqual([LONGEST, LONGEST]);
    expect(lost).toBeGreaterThan(20);
    world.network.isLost = () => false;
  });

  it('move a fence once the event is there, and a resync does where it does not come', async () => {
    const [sender, other] = await mesh(2);
    const heard: unknown[] = [];
    other.subscribe('k', ({ data }) => heard.push(data));
    const fence = other.fence('k');
    await world.until(sender.publish('k', { data: LONGEST }));
    await world.advance(100);
    expect([heard.length, fence.isCurrent()]).toEqual([1, false]);
    const second = other.fence('k');
    const covered: boolean[] = [];
    other.onResync(({ matches }) => covered.push(matches('k'), matches('another')));
    // A fragment that never comes: not at first, and not as a repair.
    let dropped = 0;
    world.network.isLost = ({ bytes }, to) => {
      const type = bytes[1];
      const isFragment = type === PacketType.FRAGMENT || type === PacketType.REPAIR;
      return to === other.address && isFragment && bytes.includes('needle') && ++dropped > 0;
    };
    await world.until(sender.publish('k', { data: `needle${LONGEST.slice(6)}` }));
    await world.advance(15_000);
    expect(dropped).toBeGreaterThan(3);
    expect([heard.length, second.isCurrent()]).toEqual([1, false]);
    expect(covered).toEqual([true, false]);
    expect(other.metrics().dropped).toMatchObject({ 'assembly-timeout': 1 });
    world.network.isLost = () => false;
  });

  it('ask 60 KiB and are answered with 60 KiB, at 10 % loss', async () => {
    const [bus, ...others] = await mesh(3);
    const [question, answer] = [textOf(60 * 1024, 4), textOf(60 * 1024, 5)];
    const asked: unknown[] = [];
    for (const other of others) {
      other.respond('q', ({ data, metadata }, reply) => {
        asked.push([data, metadata]);
        reply.next(answer);
        reply.complete();
      });
    }
    const random = seededRandom(8);
    let lost = 0;
    world.network.isLost = () => random.u32() % 10 < 1 && ++lost > 0;
    const values: unknown[] = [];
    const ended = new Promise<void>((complete, error) => {
      bus.request(
        'q',
        { data: question, metadata: { a: 'b' }, timeout: 20_000 },
        {
          ...{ next: (value: unknown) => values.push(value), complete, error },
        },
      );
    });
    await world.until(ended);
    expect(values).toEqual([answer, answer]);
    expect(asked).toEqual([
      [question, { a: 'b' }],
      [question, { a: 'b' }],
    ]);
    expect(lost).toBeGreaterThan(20);
    world.network.isLost = () => false;
  });

  it('count for each of their datagrams where too many wait', async () => {
    const bus = world.bus({ limits: { pendingKeys: 200 } });
    const started = bus.start();
    const taken = [1, 2, 3].map(() => bus.publish('k', { data: LONGEST }));
    expect(bus.snapshot().pendingKeys).toBe(3 * 62);
    await expect(bus.publish('k', { data: LONGEST })).rejects.toMatchObject({ code: 'MESH_ERR_BACKPRESSURE' });
    await world.until(Promise.all([started, ...taken]));
    expect(bus.snapshot().pendingKeys).toBe(0);
  });

  it('are withdrawn while they wait, and sent to their end once they have begun', async () => {
    const [sender, other] = await mesh(2, { limits: { sendsInFlight: 2 } });
    const heard: string[] = [];
    other.subscribe('*', ({ key }) => heard.push(key));
    world.network.stalled = true;
    const abort = new AbortController();
    const [begun, waiting] = ['begun', 'waiting'].map((key) =>
      sender.publish(key, { data: LONGEST, signal: abort.signal }),
    );
    const outcomes = Promise.allSettled([begun, waiting]);
    await world.advance(1);
    abort.abort();
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    world.network.stalled = false;
    await world.advance(1000);
    expect(heard).toEqual(['begun']);
  });
});
