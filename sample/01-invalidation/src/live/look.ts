import type { MeshSnapshot } from 'nestjs-mesh';
import type { NetworkReport } from '../network/network-state.js';
import type { ResyncReport } from '../products/products.cache.js';
import type { Instance } from '../story/instance.js';

export const WATCHED_ID = 1;

/** What one instance shows of itself at one moment. */
export interface Look {
  readonly nodeId: string;
  readonly status: MeshSnapshot['status'];
  readonly endpoints: readonly string[];
  /** Peers that are alive. */
  readonly peers: number;
  /** What it answers when it is asked for the product, and since when it has held that. */
  readonly price: number;
  readonly ageMs: number;
  /** Datagrams with events that it found missing, and those that came late, by a repetition. */
  readonly gaps: number;
  readonly repaired: number;
  readonly resyncs: number;
  readonly latestResyncs: readonly ResyncReport[];
  readonly network: NetworkReport;
}

/** Rejects when it does not answer. Reading is done through its cache, and so fills that. */
export async function lookAt(instance: Instance): Promise<Look> {
  const [{ product, ageMs }, mesh, cache, network] = await Promise.all([
    instance.read(WATCHED_ID),
    instance.mesh(),
    instance.cache(),
    instance.network(),
  ]);
  const { gaps, repaired, resyncs } = mesh.metrics;
  return {
    nodeId: mesh.id,
    status: mesh.status,
    endpoints: mesh.endpoints,
    peers: mesh.peers.filter(({ state }) => state === 'alive').length,
    price: product.price,
    ageMs,
    gaps,
    repaired,
    resyncs,
    latestResyncs: cache.resyncs,
    network,
  };
}
