import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MeshBus } from '../../../lib/bus/mesh-bus.js';
import { MemoryWorld } from '../../support/memory-world.js';

describe('PeerLog', () => {
  let world: MemoryWorld;
  let lines: string[];
  let bus: MeshBus;
  beforeEach(async () => {
    world = new MemoryWorld();
    lines = [];
    const write = (line: string): void => void lines.push(line);
    bus = world.bus({ cluster: 'shop', logger: { error: write, warn: write, log: write } });
    await world.until(bus.start());
    lines.length = 0;
  });
  afterEach(() => world.close());

  async function join(count: number): Promise<MeshBus[]> {
    const others = Array.from({ length: count }, () => world.bus({ cluster: 'shop' }));
    await world.until(Promise.all(others.map((other) => other.start())));
    await world.advance(2000);
    return others;
  }

  it('tells who joined and who left', async () => {
    const [other] = await join(1);
    expect(lines).toEqual([`mesh "shop" peer ${other!.address} joined · 1 peer`]);
    await world.until(other!.close());
    await world.advance(2000);
    expect(lines.slice(1)).toEqual([expect.stringMatching(/^mesh "shop" peer \S+ left · 0 peers$/)]);
  });

  it('tells who fell silent, once', async () => {
    const [other] = await join(1);
    const { address } = other!;
    world.network.isCut = () => true;
    await world.advance(60_000);
    expect(lines.filter((line) => line.includes('given up'))).toEqual([
      `mesh "shop" peer ${address} fell silent and is given up · 0 peers`,
    ]);
  });

  it('tells of many in one line', async () => {
    await join(5);
    expect(lines).toEqual(['mesh "shop" peers: 5 joined, 0 left, 0 lost · 5 peers']);
  });

  it('says nothing any more once the bus is closed', async () => {
    const [other] = await join(1);
    lines.length = 0;
    await world.until(other!.close());
    await world.until(bus.close());
    await world.advance(5000);
    expect(lines).toEqual([]);
  });
});
