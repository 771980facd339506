import type { NodeStats } from '../core/mesh-node.js';
import type { MeshDriver } from '../runtime/mesh-driver.js';

/** Counters since start. */
export interface MeshMetrics {
  /** Events published here: one for each key and each pattern. */
  readonly published: number;
  /** Of those, bare keys that joined an equal one which still waited to be sent. */
  readonly merged: number;
  /** Events of others that arrived, each counted once, whether or not anyone subscribes to it. */
  readonly delivered: number;
  /** Own events told to own subscribers, by the option `selfDelivery`. */
  readonly selfDelivered: number;
  /** Subscribers, and other listeners, that threw or rejected. */
  readonly handlerFailures: number;
  /** Events whose data or metadata could not be read; they were delivered without. */
  readonly undecodable: number;
  /** Events that streams dropped because their reader was too slow. */
  readonly streamDropped: number;
  /** Resyncs raised. */
  readonly resyncs: number;
  readonly datagramsSent: number;
  readonly bytesSent: number;
  /** Datagrams that the kernel refused for at least one destination. */
  readonly sendFailures: number;
  readonly datagramsReceived: number;
  readonly bytesReceived: number;
  /** Datagrams with events that had been heard before. */
  readonly duplicates: number;
  /** Peers that came, went with a goodbye, and fell silent. */
  readonly joined: number;
  readonly left: number;
  readonly lost: number;
  /** Datagrams of others that were dropped, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
}

/** What the bus counts itself. */
export interface BusCounters {
  selfDelivered: number;
  handlerFailures: number;
  undecodable: number;
  streamDropped: number;
  resyncs: number;
}

export function newBusCounters(): BusCounters {
  return { selfDelivered: 0, handlerFailures: 0, undecodable: 0, streamDropped: 0, resyncs: 0 };
}

const NO_STATS: Pick<NodeStats, 'counters' | 'dropped'> = {
  counters: {
    published: 0,
    merged: 0,
    delivered: 0,
    datagramsSent: 0,
    bytesSent: 0,
    datagramsReceived: 0,
    bytesReceived: 0,
    duplicates: 0,
    sendFailures: 0,
    joined: 0,
    left: 0,
    lost: 0,
  },
  dropped: {},
};

/** All counters together; a node that was never started has counted nothing. */
export function metricsOf(counters: BusCounters, driver: MeshDriver | undefined): MeshMetrics {
  const { counters: node, dropped } = driver?.stats() ?? NO_STATS;
  const refused = driver?.transport().refusedSources ?? 0;
  return { ...node, ...counters, dropped: refused === 0 ? { ...dropped } : { ...dropped, 'refused-source': refused } };
}
