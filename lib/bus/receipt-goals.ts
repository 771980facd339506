import { MeshError } from '../errors/mesh-error.js';
import { checkWholeNumber } from './checks.js';

/** What a wait for receipts is over with: so many nodes, nodes of so many zones, or all who do not go meanwhile. */
export type ReceiptGoal = { readonly count: number | 'quorum' | 'all' } | { readonly zones: number };

/** @throws MeshError `MESH_ERR_ARGUMENT` */
export function replicasGoal(replicas: unknown): ReceiptGoal {
  if (replicas === 'quorum' || replicas === 'all') return { count: replicas };
  if (typeof replicas === 'string') {
    throw new MeshError('MESH_ERR_ARGUMENT', "replicas must be a whole number, 'quorum' or 'all'");
  }
  checkWholeNumber('replicas', replicas, 0, Number.MAX_SAFE_INTEGER);
  return { count: replicas as number };
}

/** @throws MeshError `MESH_ERR_ARGUMENT` */
export function zonesGoal(minZones: unknown): ReceiptGoal {
  checkWholeNumber('minZones', minZones, 0, Number.MAX_SAFE_INTEGER);
  return { zones: minZones as number };
}

/** How many others make a majority together with this node. */
export function othersOfQuorum(others: number): number {
  return Math.floor((others + 1) / 2);
}
