import { SeededRandom } from '../../primitives/seeded-random.js';
import { CALM } from '../simulated-network.js';
import { Simulator } from '../simulator.js';
import { CacheWorld } from './cache-world.js';
import { Draw } from './draw.js';
import { latenciesOf, quantile } from './latencies.js';
import { countResyncs } from './run-proof.js';
import type { WorldNode } from './world-node.js';

/** What the one writer does: how many publishes of how many keys, and the mean pause between them. */
export interface Load {
  readonly name: string;
  readonly publishes: number;
  readonly keys: number;
  readonly pauseMs: number;
}

export const LOADS: readonly Load[] = [
  { name: 'isolated publish', publishes: 5000, keys: 1, pauseMs: 1000 },
  { name: '10 batches/s', publishes: 10_000, keys: 1, pauseMs: 100 },
  { name: '100 batches/s', publishes: 20_000, keys: 1, pauseMs: 10 },
  { name: 'bursts of 500 keys', publishes: 500, keys: 500, pauseMs: 1000 },
];

export interface LatencyRow {
  readonly deliveries: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  readonly nacksPerDelivery: number;
  readonly resyncs: number;
  /** Datagrams that a node was to hear and has not: each must be covered by a resync. */
  readonly undelivered: number;
  readonly eventBytes: number;
  /** Of repairs, and of all that is said to find what is missing. */
  readonly repairBytes: number;
  readonly askingBytes: number;
}

const NODES = 5;
const KEY_BYTES = 40;
const GATHERING_MS = 10_000;
const REST_MS = 60_000;
const ROUND_TRIP_MS = 1;

/** One writer and four readers, with a round trip of 1 ms, at one rate of loss. */
export function measureLatency(load: Load, loss: number, multicast: boolean, seed: number): LatencyRow {
  const names = Array.from({ length: 2000 }, (_, index) => `invalidate:product:${index}`.padEnd(KEY_BYTES, '.'));
  const latencyMs = ROUND_TRIP_MS / 2;
  const world = new CacheWorld({
    ...{ seed, onIsolation: 'serve', config: { multicast } },
    conditions: { latencyMs, jitterMs: 0, multicast },
    // Nobody keeps anything: only deliveries count here.
    keys: [],
  });
  const writer = gather(world, multicast);
  world.meter.reset();
  const { network } = world.simulator;
  network.conditions = { ...network.conditions, loss };
  const draw = new Draw(new SeededRandom(seed));
  for (let publish = 0; publish < load.publishes; publish++) {
    world.simulator.run(draw.between(0.5, 1.5) * load.pauseMs);
    world.publish(writer, draw.some(names, load.keys));
  }
  network.conditions = { ...CALM, multicast };
  world.simulator.run(REST_MS);
  return rowOf(world, writer);
}

function gather(world: CacheWorld, multicast: boolean): WorldNode {
  const writer = world.start();
  for (let reader = 1; reader < NODES; reader++) world.start({}, multicast ? [] : [writer.simulated.endpoint]);
  world.simulator.run(GATHERING_MS);
  return writer;
}

function rowOf(world: CacheWorld, writer: WorldNode): LatencyRow {
  const latencies = latenciesOf(world);
  const sent = [...world.ledger.sentBy(writer.id)].length;
  const nacks = world.nodes.reduce((sum, { simulated }) => sum + simulated.node.stats().counters.nacksSent, 0);
  const kinds = world.meter.kinds();
  const bytesOf = (...names: string[]): number => names.reduce((sum, name) => sum + (kinds.get(name)?.bytes ?? 0), 0);
  return {
    deliveries: latencies.length,
    ...{ medianMs: quantile(latencies, 0.5), p99Ms: quantile(latencies, 0.99) },
    ...{ p999Ms: quantile(latencies, 0.999), maxMs: quantile(latencies, 1) },
    nacksPerDelivery: nacks / latencies.length,
    resyncs: Object.values(countResyncs(world)).reduce((sum, count) => sum + count, 0),
    undelivered: sent * (NODES - 1) - latencies.length,
    eventBytes: bytesOf('batch', 'matching', 'buckets'),
    repairBytes: bytesOf('repair'),
    askingBytes: bytesOf('nack', 'beacon', 'ack', 'resync-req', 'resync'),
  };
}

export interface IdleRow {
  readonly peers: number;
  readonly sentBytesPerSecond: number;
  readonly sentPerSecond: number;
  readonly receivedBytesPerSecond: number;
}

/** A mesh in which everyone has so many peers. */
export function gatherPeers(peers: number, multicast: boolean): Simulator {
  const simulator = new Simulator({ seed: peers, conditions: { multicast } });
  const first = simulator.start({ multicast });
  for (let peer = 0; peer < peers; peer++) {
    simulator.start({ multicast }, multicast ? [] : [first.endpoint]);
    simulator.run(1);
  }
  const settled = (): boolean => simulator.nodes().every(({ node }) => node.stats().members === peers);
  for (let waited = 0; waited < 60 && !settled(); waited++) simulator.run(1000);
  return simulator;
}

/** What one node sends and hears when nobody publishes any more; heartbeats tell of each what was heard of it. */
export function measureIdle(peers: number, multicast: boolean, overMs: number): IdleRow {
  const simulator = gatherPeers(peers, multicast);
  for (const node of simulator.nodes()) simulator.publish(node, ['once']);
  // What newcomers have to say to each other is over after two heartbeats.
  simulator.run(10_000);
  const total = (counter: 'bytesSent' | 'datagramsSent' | 'bytesReceived'): number =>
    simulator.nodes().reduce((sum, { node }) => sum + node.stats().counters[counter], 0);
  const before = [total('bytesSent'), total('datagramsSent'), total('bytesReceived')] as const;
  simulator.run(overMs);
  const perSecond = (now: number, then: number): number => ((now - then) * 1000) / overMs / (peers + 1);
  return {
    peers,
    sentBytesPerSecond: perSecond(total('bytesSent'), before[0]),
    sentPerSecond: perSecond(total('datagramsSent'), before[1]),
    receivedBytesPerSecond: perSecond(total('bytesReceived'), before[2]),
  };
}
