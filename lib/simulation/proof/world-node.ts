import type { NodeEvent, ResyncReason } from '../../core/node-event.js';
import type { BucketSet } from '../../primitives/bucket-set.js';
import type { Instant } from '../../primitives/instant.js';
import type { NodeId } from '../../primitives/node-id.js';
import type { SequencedPacket } from '../../wire/packet.js';
import type { SimulatedNode } from '../simulated-node.js';
import { FORGED_KEY } from './forger.js';
import { ModelCache } from './model-cache.js';
import type { Truth } from './truth.js';

export interface RaisedResync {
  readonly at: Instant;
  readonly reason: ResyncReason;
  readonly origin: NodeId | undefined;
  readonly buckets: BucketSet | 'all';
}

/** What to do with the cache when every peer has fallen silent, as the option of the bus. */
export type OnIsolation = 'serve' | 'flush';

export interface WorldNodeParts {
  readonly id: NodeId;
  /** `n0` and so on, in the order in which they were started: restarted nodes are new ones. */
  readonly name: string;
  readonly onIsolation: OnIsolation;
  readonly truth: Truth;
}

/** One node with the application around it: what the bus does with its events, and what the cache does with those. */
export class WorldNode {
  readonly id: NodeId;
  readonly name: string;
  readonly cache: ModelCache;
  readonly resyncs: RaisedResync[] = [];
  /** When it became ready for the first time. */
  readyAt: Instant | undefined;
  /** The nodes that it has met, also those that are gone. */
  readonly met = new Set<NodeId>();
  /** Datagrams that were delivered more than once, and when once too often. */
  readonly doubles: { readonly origin: NodeId; readonly sequence: number; readonly at: Instant }[] = [];
  isolated = false;
  /** It was told to leave, or has crashed: nothing is asked of it any more. */
  isGoing = false;
  readonly #onIsolation: OnIsolation;
  /** When it delivered which datagram of whom. */
  readonly #delivered = new Map<NodeId, Map<number, Instant>>();
  readonly #words = new Map<NodeId, number>();
  #simulated: SimulatedNode | undefined;

  constructor({ id, name, onIsolation, truth }: WorldNodeParts) {
    this.id = id;
    this.name = name;
    this.#onIsolation = onIsolation;
    this.cache = new ModelCache(truth);
  }

  get simulated(): SimulatedNode {
    if (this.#simulated === undefined) throw new Error(`${this.name} was not started`);
    return this.#simulated;
  }

  set simulated(node: SimulatedNode) {
    this.#simulated = node;
  }

  get running(): boolean {
    return this.simulated.running;
  }

  /** Whether its cache is used. */
  get ready(): boolean {
    return this.readyAt !== undefined && this.running;
  }

  deliveredAt(origin: NodeId, sequence: number): Instant | undefined {
    return this.#delivered.get(origin)?.get(sequence);
  }

  /** A node that it knows has said itself how far it has come. */
  noteWord(origin: NodeId, highest: number): void {
    if (this.met.has(origin)) this.#words.set(origin, Math.max(highest, this.#words.get(origin) ?? 0));
  }

  /** The highest sequence of that node that it has delivered, or that the node has told it of; 0 for none. */
  highestOf(origin: NodeId): number {
    let highest = this.#words.get(origin) ?? 0;
    for (const sequence of this.#delivered.get(origin)?.keys() ?? []) highest = Math.max(highest, sequence);
    return highest;
  }

  /** Whether it was told, at that time or later, that what this datagram says may have been missed. */
  wasTold(origin: NodeId, packet: SequencedPacket, since: Instant): boolean {
    return this.resyncs.some(
      (resync) =>
        resync.at >= since &&
        (resync.origin ?? origin) === origin &&
        (resync.buckets === 'all' || covers(resync.buckets, packet)),
    );
  }

  handle(now: Instant, event: NodeEvent): void {
    switch (event.kind) {
      case 'keys':
        // What nobody sent is neither delivered nor a double of what is.
        if (!event.keys.includes(FORGED_KEY)) this.#note(now, event.origin.id, event.sequence);
        for (const key of event.keys) this.cache.drop(key);
        return;
      case 'matching':
        this.#note(now, event.origin.id, event.sequence);
        for (const pattern of event.patterns) this.cache.dropMatching(pattern);
        return;
      case 'resync':
        return this.#resync({ at: now, reason: event.reason, origin: event.origin, buckets: event.buckets });
      case 'peer':
        this.met.add(event.peer.id);
        return;
      case 'status':
        return this.#become(now, event.status);
      case 'flushed':
      case 'request':
      case 'reply':
      case 'cancelled':
      case 'receipt':
      case 'covered':
      case 'warning':
        return;
    }
  }

  #note(now: Instant, origin: NodeId, sequence: number): void {
    const ofOrigin = this.#delivered.get(origin) ?? new Map<number, Instant>();
    this.#delivered.set(origin, ofOrigin);
    if (ofOrigin.has(sequence)) this.doubles.push({ origin, sequence, at: now });
    else ofOrigin.set(sequence, now);
  }

  #resync(resync: RaisedResync): void {
    this.resyncs.push(resync);
    this.cache.dropBuckets(resync.buckets);
  }

  #become(now: Instant, status: string): void {
    const wasIsolated = this.isolated;
    this.isolated = status === 'isolated';
    if (status === 'left') return this.cache.close();
    if (status === 'ready' && this.readyAt === undefined) {
      this.readyAt = now;
      return this.cache.open();
    }
    // As the bus does: see its engine.
    if (this.isolated && this.#onIsolation === 'flush') {
      this.#resync({ at: now, reason: 'isolated', origin: undefined, buckets: 'all' });
      return this.cache.close();
    }
    if (!wasIsolated || status !== 'ready') return;
    if (this.#onIsolation === 'flush') this.cache.open();
    this.#resync({ at: now, reason: 'heal', origin: undefined, buckets: 'all' });
  }
}

function covers(buckets: BucketSet, packet: SequencedPacket): boolean {
  switch (packet.kind) {
    // A question is about no entry of a cache.
    case 'request':
      return true;
    case 'fragment':
      return packet.bucket === undefined || buckets.has(packet.bucket);
    case 'batch':
      return packet.keys.every((key) => buckets.matches(key));
    case 'matching':
      // A pattern may match keys of any bucket.
      return packet.patterns.length === 0;
    case 'buckets': {
      if (packet.buckets === 'all') return false;
      return packet.buckets.bytes.every((byte, index) => (byte & ~(buckets.bytes[index] ?? 0)) === 0);
    }
  }
}
