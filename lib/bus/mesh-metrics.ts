import { Counters } from '../core/counters.js';
import type { MeshDriver } from '../runtime/mesh-driver.js';
import type { MeshResyncReason } from './mesh-resync.js';

/** Counters since start. */
export interface MeshMetrics {
  /** Events published here: one for each key and each pattern. */
  readonly published: number;
  /** Of those, bare keys that joined an equal one which still waited to be sent. */
  readonly merged: number;
  /** Of those, bare keys that were too many to send: others got a resync `overload` of their buckets instead. */
  readonly coarsened: number;
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
  /** Events, one for each handler, that were dropped as too many waited for asynchronous handlers. */
  readonly handlerDropped: number;
  /** Questions of others and of this bus that were refused, as too many waited for their handlers. */
  readonly requestsRefused: number;
  /** Resyncs raised here. */
  readonly resyncs: number;
  /** The same by reason; a reason that never arose is not there. */
  readonly resyncReasons: Readonly<Partial<Record<MeshResyncReason, number>>>;
  readonly datagramsSent: number;
  readonly bytesSent: number;
  /** Datagrams that the kernel refused for at least one destination. */
  readonly sendFailures: number;
  readonly datagramsReceived: number;
  readonly bytesReceived: number;
  /** Datagrams with events that had been heard before. */
  readonly duplicates: number;
  /** Datagrams with events of others that were found missing, those that were only overtaken among them. */
  readonly gaps: number;
  /** Datagrams that came late: asked for, repeated before anyone asked, or only overtaken. */
  readonly repaired: number;
  /** Questions for what was missing. */
  readonly nacksSent: number;
  /** Datagrams repeated for others, own ones and those of third parties; one to everyone counts once. */
  readonly repairsSent: number;
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
  handlerDropped: number;
  requestsRefused: number;
  resyncs: number;
  resyncReasons: Partial<Record<MeshResyncReason, number>>;
}

export function newBusCounters(): BusCounters {
  return {
    selfDelivered: 0,
    handlerFailures: 0,
    undecodable: 0,
    streamDropped: 0,
    handlerDropped: 0,
    requestsRefused: 0,
    resyncs: 0,
    resyncReasons: {},
  };
}

/** All counters together; a node that was never started has counted nothing. */
export function metricsOf(counters: BusCounters, driver: MeshDriver | undefined): MeshMetrics {
  const stats = driver?.stats() ?? { counters: new Counters().values, dropped: {} };
  // The bus counts these itself, with those of which the node knows nothing.
  const { resyncsRaised: _, ...node } = stats.counters;
  const refused = driver?.transport().refusedSources ?? 0;
  return {
    ...node,
    ...counters,
    resyncReasons: { ...counters.resyncReasons },
    dropped: refused === 0 ? { ...stats.dropped } : { ...stats.dropped, 'refused-source': refused },
  };
}
