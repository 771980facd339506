import type { MeshSnapshot } from 'nestjs-mesh';
import type { MeshCacheStats } from 'nestjs-mesh/cache';
import type { Samples } from './sampler.js';

/** How one instance stands. */
export interface InstanceReport {
  readonly name: string;
  readonly pid: number;
  readonly status: MeshSnapshot['status'];
  /** Other instances that it hears. */
  readonly peers: number;
  readonly cache: MeshCacheStats;
  readonly samples: Samples;
}
