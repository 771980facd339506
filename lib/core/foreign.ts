import { DEFAULT_CLUSTER_TAG } from '../wire/cluster-tag.js';
import type { Packet } from '../wire/packet.js';

/** The cluster that this node is of. */
interface Cluster {
  readonly clusterTag: number;
  readonly cluster: string;
}

/** Whether the datagram is of another cluster. Those of v1 nodes are of all. */
export function isForeign(packet: Packet, { clusterTag, cluster }: Cluster): boolean {
  switch (packet.kind) {
    case 'invalidate':
    case 'unknown':
      return false;
    case 'batch':
    case 'heartbeat':
    case 'matching':
    case 'buckets':
    case 'request':
    case 'fragment':
      return packet.trailer !== undefined && (packet.trailer.clusterTag ?? DEFAULT_CLUSTER_TAG) !== clusterTag;
    case 'hello':
    case 'hello-ack':
      return packet.clusterTag !== clusterTag || packet.cluster !== cluster;
    default:
      return packet.clusterTag !== clusterTag;
  }
}
