import type { BucketSet } from '../../primitives/bucket-set.js';
import type { Instant } from '../../primitives/instant.js';
import type { NodeId } from '../../primitives/node-id.js';
import type { SequencedPacket } from '../../wire/packet.js';
import type { CacheWorld } from './cache-world.js';
import { latenciesOf } from './latencies.js';
import type { SentDatagram } from './ledger.js';
import type { Write } from './truth.js';
import type { WorldNode } from './world-node.js';

/** One promise that was broken. */
export interface Violation {
  readonly kind: 'stale' | 'untold' | 'double' | 'resync' | 'slow' | 'refused' | 'apart' | 'untested';
  readonly text: string;
  /** Where to look: names of nodes, and a key. */
  readonly node?: string;
  readonly origin?: string;
  readonly key?: string;
  /** When what was missed was published. */
  readonly since?: Instant;
}

export interface Expectations {
  /** How many resyncs there may be in one run: none where everything can be repaired, few where that takes bad luck. */
  readonly resyncs: number | 'any';
  /** How many of all deliveries come how soon: what is repaired at all might be repaired too late. */
  readonly prompt?: { readonly withinMs: number; readonly share: number };
  /** Whether the scenario makes sure by itself that something was lost; otherwise a run without loss proves nothing. */
  readonly maySpare?: boolean;
}

/** Judges a world that has come to rest. */
export class Oracle {
  readonly #world: CacheWorld;
  readonly #expectations: Expectations;
  readonly #present: readonly WorldNode[];
  /** The highest sequence of each node that is gone which anyone has delivered who still lives. */
  readonly #survived = new Map<NodeId, number>();

  constructor(world: CacheWorld, expectations: Expectations) {
    this.#world = world;
    this.#expectations = expectations;
    this.#present = world.present().filter((node) => node.ready);
  }

  judge(): readonly Violation[] {
    return [
      ...this.#untested(),
      ...this.#world.refused.map((text): Violation => ({ kind: 'refused', text })),
      ...this.#present.flatMap((node) => this.#stale(node)),
      ...this.#present.flatMap((node) =>
        [...this.#world.ledger.origins()].flatMap((origin) => this.#untold(node, origin)),
      ),
      ...this.#unsent(),
      ...this.#world.nodes.flatMap((node) => this.#doubles(node)),
      ...this.#uncalledFor(),
      ...this.#slow(),
    ];
  }

  #untested(): readonly Violation[] {
    if (this.#expectations.maySpare === true || this.#world.meter.eventDrops > 0) return [];
    return [{ kind: 'untested', text: 'no datagram with events was dropped: this run has tested nothing' }];
  }

  /** Entries that are older than the store, though somebody who lives knows of the write. */
  #stale(node: WorldNode): Violation[] {
    const { truth } = this.#world;
    if (node.isolated) return [];
    const violations: Violation[] = [];
    for (const [key, version] of node.cache.entries()) {
      if (version === truth.version(key)) continue;
      const missed = truth.writesSince(key, version).find((write) => !this.#isBeyondKnowing(write));
      if (missed === undefined) continue;
      violations.push({
        ...{ kind: 'stale', node: node.name, origin: this.#name(missed.writer), key, since: missed.at },
        text: `${node.name} holds version ${version} of ${key}, which is at ${truth.version(key)}; missed: ${this.#tell(missed)}`,
      });
    }
    return violations;
  }

  /** Datagrams that a node neither delivered nor was told to have missed. */
  #untold(node: WorldNode, origin: NodeId): Violation[] {
    const { readyAt } = node;
    if (origin === node.id || readyAt === undefined || !this.#isKnown(node, origin)) return [];
    const violations: Violation[] = [];
    for (const datagram of this.#world.ledger.sentBy(origin)) {
      const { sequence, at, packet, isLate } = datagram;
      if (isLate || at < readyAt || this.#isLostWithItsOrigin(datagram)) continue;
      if (packet.kind !== 'buckets' && node.deliveredAt(origin, sequence) !== undefined) continue;
      // Of one in fragments something may be given up before its last datagram is sent.
      if (node.wasTold(origin, packet, isFragmented(packet) ? datagram.publishedAt : at)) continue;
      violations.push({
        ...{ kind: 'untold', node: node.name, origin: this.#name(origin), since: at },
        text: `${node.name} neither delivered ${packet.kind} ${this.#name(origin)}#${sequence}, sent at ${at.toFixed(2)}, nor was told`,
      });
    }
    return violations;
  }

  /** Writes that were sent when nobody was there, or never, and of which somebody has not heard in any other way. */
  #unsent(): Violation[] {
    const { truth, ledger } = this.#world;
    return truth.all().flatMap((write): Violation[] => {
      if (ledger.firstWith(write.writer, write.published, write.at) !== undefined) return [];
      if (this.#isBeyondKnowing(write)) return [];
      return this.#present
        .filter((node) => !this.#hasHeard(node, write))
        .map((node) => ({
          ...{
            kind: 'untold',
            node: node.name,
            origin: this.#name(write.writer),
            key: write.published,
            since: write.at,
          },
          text: `nobody was there when ${this.#tell(write)}, and ${node.name} was not told afterwards`,
        }));
    });
  }

  #hasHeard(node: WorldNode, { writer, kind, published, at }: Write): boolean {
    if (node.id === writer || node.readyAt === undefined || node.readyAt > at || !this.#isKnown(node, writer))
      return true;
    const late = this.#world.ledger.lateWith(writer, published);
    if (late.some(({ sequence }) => (node.deliveredAt(writer, sequence) ?? 0) >= at)) return true;
    return node.resyncs.some((one) => one.at >= at && covers(one.buckets, kind, published));
  }

  #doubles(node: WorldNode): Violation[] {
    return node.doubles.map(({ origin, sequence, at }) => ({
      ...{
        kind: 'double',
        node: node.name,
        origin: this.#name(origin),
        since: node.deliveredAt(origin, sequence) ?? at,
      },
      text: `${node.name} delivered ${this.#name(origin)}#${sequence} twice, again at ${at.toFixed(2)}`,
    }));
  }

  #uncalledFor(): Violation[] {
    const { nodes } = this.#world;
    const count = nodes.reduce((sum, { resyncs }) => sum + resyncs.length, 0);
    if (this.#expectations.resyncs === 'any' || count <= this.#expectations.resyncs) return [];
    return nodes.flatMap((node) =>
      node.resyncs.map(({ at, reason, origin, buckets }) => {
        const whose = origin === undefined ? 'anyone' : this.#name(origin);
        const extent = buckets === 'all' ? 'all' : `${buckets.size} buckets`;
        return {
          ...{ kind: 'resync', node: node.name, since: at, ...(origin === undefined ? {} : { origin: whose }) },
          text: `${node.name} raised ${reason} of ${whose} (${extent}) at ${at.toFixed(2)} where nothing had to be given up`,
        };
      }),
    );
  }

  #slow(): Violation[] {
    const { prompt } = this.#expectations;
    if (prompt === undefined) return [];
    const latencies = latenciesOf(this.#world);
    const inTime = latencies.filter((latency) => latency <= prompt.withinMs).length;
    if (inTime >= prompt.share * latencies.length) return [];
    const text = `of ${latencies.length} deliveries only ${inTime} came within ${prompt.withinMs} ms`;
    return [{ kind: 'slow', text: `${text}, and should have been ${prompt.share * 100} %` }];
  }

  /** Whether nobody who lives can know of it: its writer is gone, and what it said reached none of them. */
  #isBeyondKnowing(write: Write): boolean {
    if (this.#isPresent(write.writer)) return false;
    const { ledger } = this.#world;
    const datagram = ledger.firstWith(write.writer, write.published, write.at);
    if (datagram !== undefined) return this.#isLostWithItsOrigin(datagram);
    return ledger.lateWith(write.writer, write.published).every((late) => this.#isLostWithItsOrigin(late));
  }

  #isLostWithItsOrigin({ origin, sequence }: SentDatagram): boolean {
    return !this.#isPresent(origin) && sequence > this.#survivedOf(origin);
  }

  #survivedOf(origin: NodeId): number {
    let highest = this.#survived.get(origin);
    if (highest !== undefined) return highest;
    highest = Math.max(0, ...this.#present.map((node) => node.highestOf(origin)));
    this.#survived.set(origin, highest);
    return highest;
  }

  /** A node that lives is to be known to all in the end; one that is gone only to those who have met it. */
  #isKnown(node: WorldNode, origin: NodeId): boolean {
    return node.met.has(origin) || this.#isPresent(origin);
  }

  #isPresent(id: NodeId): boolean {
    return this.#present.some((node) => node.id === id);
  }

  #tell({ at, kind, published, writer }: Write): string {
    return `${this.#name(writer)} published ${kind === 'key' ? '' : 'matching '}${published} at ${at.toFixed(2)}`;
  }

  #name(id: NodeId): string {
    return this.#world.find(id)?.name ?? Buffer.from(id, 'latin1').toString('hex');
  }
}

/** Whether a resync of these buckets makes up for it: a pattern may match keys of any. */
function covers(buckets: BucketSet | 'all', kind: Write['kind'], published: string): boolean {
  return buckets === 'all' || (kind === 'key' && buckets.matches(published));
}

function isFragmented(packet: SequencedPacket): boolean {
  return packet.kind === 'batch' && packet.attachments?.get(0)?.content !== undefined;
}
