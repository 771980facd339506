import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import type { MeshBus } from '../../../lib/bus/mesh-bus.js';
import type { MeshKeyring } from '../../../lib/options/mesh-keyring.js';
import type { MeshOptions } from '../../../lib/options/mesh-options.js';
import { PacketType } from '../../../lib/wire/packet.js';
import { MemoryWorld } from '../../support/memory-world.js';

const SECRET = 'a secret that is long enough';
const NEW_SECRET = 'the one that comes after it';
const HEARTBEAT = 1000;

describe('MeshBus with a secret', () => {
  let world: MemoryWorld;
  let lines: string[];
  let types: Set<number>;
  const logger = {
    error: (line: string) => void lines.push(line),
    warn: (line: string) => void lines.push(line),
    log: (line: string) => void lines.push(line),
    debug: (line: string) => void lines.push(line),
  };
  const make = (options: MeshOptions): MeshBus => world.bus({ heartbeat: HEARTBEAT, logger, ...options });
  beforeEach(() => {
    world = new MemoryWorld();
    lines = [];
    types = new Set();
    world.network.onSend = (_from, bytes) => types.add(bytes[1]!);
  });
  afterEach(() => world.close());

  it('seals all that it sends, and says so', async () => {
    const [sender, receiver] = await world.mesh(2, { secret: SECRET, logger });
    const keys: string[] = [];
    receiver!.subscribe('*', ({ key }) => keys.push(key));
    await world.until(sender!.publish(['a', 'b']));
    await world.advance(100);
    expect(keys).toEqual(['a', 'b']);
    expect([...types]).toEqual([PacketType.SEALED]);
    expect(sender!.snapshot()).toMatchObject({ sealing: 'strict', unreadable: [] });
    expect(lines.filter((line) => line.endsWith('· sealed'))).toHaveLength(2);
  });

  it('takes the same secret for the same, as text, as bytes and in a keyring', async () => {
    const keyring = { primary: 7, keys: { 7: SECRET, other: NEW_SECRET } };
    const buses = [SECRET, Buffer.from(SECRET), keyring].map((secret) => make({ secret }));
    await world.until(Promise.all(buses.map((bus) => bus.start())));
    await world.until(Promise.all(buses.map((bus) => bus.waitForPeers(2))));
    expect(buses.map((bus) => bus.peers().length)).toEqual([2, 2, 2]);
  });

  it('changes the keys of a bus that runs, one bus after the other', async () => {
    const buses = await world.mesh(3, { secret: SECRET });
    const heard = buses.map(() => new Set<string>());
    buses.forEach((bus, index) => bus.subscribe('*', ({ key }) => heard[index]!.add(key)));
    const rings: (string | MeshKeyring)[] = [
      { primary: 'old', keys: { old: SECRET, new: NEW_SECRET } },
      { primary: 'new', keys: { old: SECRET, new: NEW_SECRET } },
      NEW_SECRET,
    ];
    const published: string[] = [];
    for (const ring of rings) {
      for (const bus of buses) {
        bus.setKeyring(ring);
        for (const publisher of buses) {
          const key = `k:${published.push('')}`;
          published[published.length - 1] = key;
          await world.until(publisher.publish(key));
        }
        await world.advance(10);
      }
    }
    await world.advance(100);
    buses.forEach((_, index) => {
      expect([...heard[index]!].sort()).toEqual(published.filter((_key, at) => at % 3 !== index).sort());
    });
    expect(buses.map((bus) => bus.metrics().gaps + bus.metrics().lost + bus.metrics().resyncs)).toEqual([0, 0, 0]);
  });

  it('refuses to change what it does not have, and what is none', async () => {
    const plain = make({});
    expect(() => plain.setKeyring(SECRET)).toThrow('without a secret');
    const [bus] = await world.mesh(1, { secret: SECRET });
    for (const wrong of ['short', 5, { primary: 'a', keys: { b: SECRET } }]) {
      expect(() => bus!.setKeyring(wrong as string)).toThrow(expect.objectContaining({ code: 'MESH_ERR_CONFIG' }));
    }
    expect(bus!.snapshot().sealing).toBe('strict');
  });

  it.each([
    ['another secret', { secret: NEW_SECRET }, 'other-secret', 'does not open with any secret of this node'],
    ['no secret', {}, 'plain', 'sends without a seal'],
  ] as const)('tells of a node with %s, once, and what to check', async (_which, options, reason, words) => {
    const bus = make({ secret: SECRET });
    const stranger = world.bus({ heartbeat: HEARTBEAT, ...options });
    await world.until(Promise.all([bus.start(), stranger.start()]));
    await world.advance(10 * HEARTBEAT);
    expect(bus.peers()).toEqual([]);
    expect(bus.snapshot().unreadable).toMatchObject([{ address: stranger.address, id: stranger.id, reason }]);
    expect(lines.filter((line) => line.includes(words))).toHaveLength(1);
    await world.until(stranger.close());
    await world.advance(4 * HEARTBEAT);
    expect(bus.snapshot().unreadable).toEqual([]);
  });

  it('is told of by a node that has none', async () => {
    const bus = make({});
    const sealed = world.bus({ heartbeat: HEARTBEAT, secret: SECRET });
    await world.until(Promise.all([bus.start(), sealed.start()]));
    await world.advance(10 * HEARTBEAT);
    expect(bus.snapshot().unreadable).toMatchObject([{ address: sealed.address, reason: 'sealed' }]);
    expect(lines.filter((line) => line.includes('this node has no secret'))).toHaveLength(1);
  });

  it('does not hear a sealed mesh of another name, and takes it for no mistake', async () => {
    const bus = make({ secret: SECRET });
    const other = world.bus({ heartbeat: HEARTBEAT, secret: SECRET, cluster: 'other' });
    await world.until(Promise.all([bus.start(), other.start()]));
    await world.advance(10 * HEARTBEAT);
    expect([bus.peers(), bus.snapshot().unreadable]).toEqual([[], []]);
    expect(bus.metrics().dropped['other-cluster']).toBeGreaterThan(0);
  });

  it('shows its secret nowhere', async () => {
    const [bus] = await world.mesh(2, { secret: SECRET, logger });
    const hex = Buffer.from(SECRET).toString('hex');
    const shown = [
      inspect(bus, { depth: 20, showHidden: true }),
      inspect(bus!.snapshot(), { depth: 20 }),
      JSON.stringify(bus!.snapshot()),
      ...lines,
    ].join('\n');
    expect(shown).toContain('sealed');
    for (const form of [SECRET, hex, Buffer.from(SECRET).toString('base64')]) expect(shown).not.toContain(form);
  });

  describe('in production', () => {
    const before = process.env.NODE_ENV;
    beforeEach(() => {
      process.env.NODE_ENV = 'production';
    });
    afterEach(() => {
      process.env.NODE_ENV = before;
    });

    it.each([
      ['none', undefined, 1],
      ['one', SECRET, 0],
    ])('is warned of once where there is %s', async (_which, secret, times) => {
      const bus = make({ secret });
      await world.until(bus.start());
      expect(lines.filter((line) => line.includes('npx nestjs-mesh keygen'))).toHaveLength(times);
    });
  });
});
