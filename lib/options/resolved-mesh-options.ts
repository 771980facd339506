import type { ResolvedSecret } from '../primitives/secret.js';
import type { MeshLimits } from './mesh-limits.js';
import type { MeshLogger } from './mesh-logger.js';

/** A seed as it was given: a host name or an IPv4 address, and a port. */
export interface Seed {
  readonly host: string;
  readonly port: number;
}

/** `MeshOptions` after parsing: complete, checked, frozen. Names of internal times carry their unit. */
export interface ResolvedMeshOptions {
  readonly port: number;
  readonly group: string | false;
  /** `undefined`: choose. */
  readonly interfaces: readonly string[] | undefined;
  readonly seeds: readonly Seed[];
  readonly advertise: string | undefined;
  readonly heartbeatMs: number;
  readonly batchIntervalMs: number;
  readonly batchSize: number;
  readonly startTimeoutMs: number;
  readonly cluster: string;
  readonly zone: string | undefined;
  /** `undefined`: nothing is sealed. */
  readonly secret: ResolvedSecret | undefined;
  readonly secretMode: 'strict' | 'accept-plain' | 'send-both';
  /** `undefined`: the default blocks and the subnets of own interfaces. */
  readonly allow: readonly string[] | undefined;
  readonly selfDelivery: boolean;
  readonly onIsolation: 'serve' | 'flush';
  readonly multicastTtl: number;
  readonly limits: MeshLimits;
  readonly logger: MeshLogger;
}
