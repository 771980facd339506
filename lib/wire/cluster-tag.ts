import { fnv1a32Text } from '../primitives/fnv1a.js';

/** The tag of the cluster `default`, which trailers leave out. */
export const DEFAULT_CLUSTER_TAG = 0x933b5bde;

/** The four bytes by which datagrams name their cluster. It keeps meshes apart and protects none of them. */
export function clusterTagOf(cluster: string): number {
  return fnv1a32Text(cluster);
}

/** Whether a trailer has to name the cluster. `undefined` stands for the cluster `default` too. */
export function isNamedCluster(tag: number | undefined): tag is number {
  return tag !== undefined && tag !== DEFAULT_CLUSTER_TAG;
}
