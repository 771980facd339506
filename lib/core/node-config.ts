import type { NodeId } from '../primitives/node-id.js';
import type { Random } from '../primitives/random.js';
import type { NodeSealing } from './sealing.js';

/** The bounds that concern the core. */
export interface NodeLimits {
  readonly peers: number;
  readonly unverifiedPeers: number;
  readonly pendingKeys: number;
  readonly sendsInFlight: number;
  /** Bytes, and milliseconds, of datagrams that are kept to be repeated: own ones, and those of others, each. */
  readonly repairBytes: number;
  readonly repairAge: number;
}

/** What a node is and how it behaves, for as long as it lives. */
export interface MeshNodeConfig {
  readonly id: NodeId;
  /** For nonces, so in production it must not be guessable. */
  readonly random: Random;
  readonly cluster: string;
  readonly zone: string | undefined;
  /** It only publishes. */
  readonly client: boolean;
  readonly heartbeatMs: number;
  readonly batchIntervalMs: number;
  readonly batchSize: number;
  readonly startTimeoutMs: number;
  /** Whether there is a group to send to. */
  readonly multicast: boolean;
  /** Whether the user named anyone; their addresses may become known later. */
  readonly hasSeeds: boolean;
  readonly limits: NodeLimits;
  /** Without it everything is plain, and nothing that is sealed is heard. */
  readonly sealing?: NodeSealing | undefined;
}
