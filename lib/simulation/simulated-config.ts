import { type NodeId, readNodeId } from '../primitives/node-id.js';
import type { Random } from '../primitives/random.js';
import type { MeshNodeConfig } from '../core/node-config.js';

/** What holds for a simulated node that says nothing else: the defaults of the public options. */
export function simulatedConfig(random: Random, hasSeeds: boolean): MeshNodeConfig {
  return {
    id: randomNodeId(random),
    random,
    cluster: 'default',
    zone: undefined,
    client: false,
    heartbeatMs: 5000,
    batchIntervalMs: 100,
    batchSize: 20,
    startTimeoutMs: 2000,
    multicast: true,
    hasSeeds,
    limits: {
      peers: 4096,
      unverifiedPeers: 1024,
      pendingKeys: 100_000,
      sendsInFlight: 64,
      repairBytes: 4 * 1024 * 1024,
      repairAge: 300_000,
    },
  };
}

export function randomNodeId(random: Random): NodeId {
  const bytes = Buffer.alloc(16);
  for (let offset = 0; offset < 16; offset += 4) bytes.writeUInt32BE(random.u32(), offset);
  return readNodeId(bytes, 0);
}
