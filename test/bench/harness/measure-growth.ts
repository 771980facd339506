import { gatherPeers } from '../../../lib/simulation/proof/measure.js';
import type { Simulator } from '../../../lib/simulation/simulator.js';

/** A heartbeat takes as long: over it, everyone sends the same when nobody publishes. */
const HEARTBEAT_MS = 5000;
const PUBLISHES = 5;

export interface Growth {
  readonly nodes: number;
  readonly multicast: boolean;
  /** For each node, a second. */
  readonly idleDatagrams: number;
  readonly idleBytes: number;
  readonly idleReceivedBytes: number;
  /** Of everyone together, for each publish of one key, beyond what is sent anyway. */
  readonly publishDatagrams: number;
  readonly publishBytes: number;
  /** Of those, what the nodes that do not publish send: reports and questions. */
  readonly answerDatagrams: number;
}

interface Totals {
  readonly sent: number;
  readonly bytes: number;
  readonly received: number;
}

/** What a mesh of so many nodes costs on the simulated network, which loses nothing here. */
export function measureGrowth(nodes: number, multicast: boolean): Growth {
  const simulator = gatherPeers(nodes - 1, multicast);
  // What newcomers have to say to each other is over by then.
  simulator.run(HEARTBEAT_MS);
  const [publisher] = simulator.nodes();
  const sentByPublisher = (): number => publisher!.node.stats().counters.datagramsSent;
  const quiet = [totals(simulator), sentByPublisher()] as const;
  simulator.run(HEARTBEAT_MS);
  const idle = difference(totals(simulator), quiet[0]);
  const idlePublisher = sentByPublisher() - quiet[1];
  const busy = [totals(simulator), sentByPublisher()] as const;
  for (let publish = 0; publish < PUBLISHES; publish++) {
    simulator.publish(publisher!, [`product:${publish}`]);
    simulator.run(HEARTBEAT_MS / PUBLISHES);
  }
  const cost = difference(difference(totals(simulator), busy[0]), idle);
  const ownDatagrams = sentByPublisher() - busy[1] - idlePublisher;
  const perNodeSecond = (value: number): number => (value * 1000) / HEARTBEAT_MS / nodes;
  return {
    ...{ nodes, multicast },
    idleDatagrams: perNodeSecond(idle.sent),
    idleBytes: perNodeSecond(idle.bytes),
    idleReceivedBytes: perNodeSecond(idle.received),
    publishDatagrams: cost.sent / PUBLISHES,
    publishBytes: cost.bytes / PUBLISHES,
    answerDatagrams: (cost.sent - ownDatagrams) / PUBLISHES,
  };
}

function totals(simulator: Simulator): Totals {
  const counters = simulator.nodes().map(({ node }) => node.stats().counters);
  const sum = (name: 'datagramsSent' | 'bytesSent' | 'bytesReceived'): number =>
    counters.reduce((total, counter) => total + counter[name], 0);
  return { sent: sum('datagramsSent'), bytes: sum('bytesSent'), received: sum('bytesReceived') };
}

function difference(after: Totals, before: Totals): Totals {
  return {
    sent: after.sent - before.sent,
    bytes: after.bytes - before.bytes,
    received: after.received - before.received,
  };
}
