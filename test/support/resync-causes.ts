import type { MeshBus } from '../../lib/bus/mesh-bus.js';
import type { MeshResyncReason } from '../../lib/bus/mesh-resync.js';
import type { MeshOptions } from '../../lib/options/mesh-options.js';
import { PacketType } from '../../lib/wire/packet.js';
import type { MemoryWorld } from './memory-world.js';

/** How a resync comes about on a bus. The bus is made with the options, on the first host of the world. */
export interface ResyncCause {
  readonly reason: MeshResyncReason;
  readonly options: MeshOptions;
  /** `bus` is ready. What happens to it is over when the promise resolves. */
  readonly happen: (world: MemoryWorld, bus: MeshBus) => Promise<void>;
}

/** All options of other buses that matter here. */
const SHORT_MEMORY: MeshOptions = { limits: { repairAge: 1000 } };

/** From here on, all datagrams of these types are lost. */
export function lose(world: MemoryWorld, ...types: readonly number[]): void {
  let isLost = false;
  world.network.onSend = (_from, bytes) => {
    isLost = types.includes(bytes[1] ?? 0);
  };
  world.network.isCut = () => isLost;
}

export async function started(world: MemoryWorld, options: MeshOptions = {}): Promise<MeshBus> {
  const bus = world.bus(options);
  await world.until(bus.start());
  return bus;
}

async function met(world: MemoryWorld, bus: MeshBus, options: MeshOptions = {}): Promise<MeshBus> {
  const other = await started(world, options);
  await world.until(Promise.all([bus.waitForPeers(1), other.waitForPeers(1)]));
  return other;
}

function cutOff(world: MemoryWorld, bus: MeshBus): void {
  const { address } = bus;
  world.network.isCut = (from, to) => from === address || to === address;
}

/** One way for each reason, and no more than one. */
export const RESYNC_CAUSES: readonly ResyncCause[] = [
  {
    reason: 'join',
    options: {},
    happen: async (world) => {
      world.network.isCut = () => true;
      const other = await started(world, SHORT_MEMORY);
      await world.until(other.publish('forgotten'));
      await world.advance(10_000);
      await world.until(other.publish('remembered'));
      world.network.isCut = () => false;
      await world.advance(20_000);
    },
  },
  {
    reason: 'gap',
    options: {},
    happen: async (world, bus) => {
      const other = await met(world, bus);
      lose(world, PacketType.BATCH, PacketType.REPAIR);
      await world.until(other.publish('lost'));
      await world.advance(10_000);
    },
  },
  {
    reason: 'overrun',
    options: {},
    happen: async (world, bus) => {
      const other = await met(world, bus);
      cutOff(world, bus);
      // Over a thousand datagrams, which is as far as one may be behind.
      const keys = Array.from({ length: 1100 }, (_, number) => `${'k'.repeat(1000)}${number}`);
      await world.until(other.publish(keys));
      world.network.isCut = () => false;
      await world.advance(10_000);
    },
  },
  {
    reason: 'peer-lost',
    options: {},
    happen: async (world, bus) => {
      const other = await met(world, bus);
      const third = world.bus();
      const pair = [other.address, `10.0.0.3:7946`];
      world.network.isCut = (from, to) => pair.includes(from) && pair.includes(to);
      await world.until(third.start());
      await world.until(bus.waitForPeers(2));
      // Nobody else has ever heard of it.
      cutOff(world, other);
      await world.advance(60_000);
    },
  },
  {
    reason: 'heal',
    options: {},
    happen: async (world, bus) => {
      await met(world, bus);
      cutOff(world, bus);
      await world.advance(60_000);
      world.network.isCut = () => false;
      await world.advance(60_000);
    },
  },
  {
    reason: 'overload',
    options: {},
    happen: async (world, bus) => {
      const other = await met(world, bus, { limits: { pendingKeys: 1 } });
      await world.until(other.publish(['one', 'too many']));
      await world.advance(10);
    },
  },
  {
    reason: 'isolated',
    options: { onIsolation: 'flush' },
    happen: async (world, bus) => {
      await met(world, bus);
      cutOff(world, bus);
      await world.advance(60_000);
    },
  },
];
