import { BucketSet } from '../primitives/bucket-set.js';
import type { Endpoint } from '../primitives/endpoint.js';
import { Fifo } from '../primitives/fifo.js';
import type { Instant } from '../primitives/instant.js';
import type { NodeId } from '../primitives/node-id.js';
import { GreetingBook } from '../membership/greeting-book.js';
import { LegacyTable } from '../membership/legacy-table.js';
import type { Member } from '../membership/member.js';
import { MemberTable } from '../membership/member-table.js';
import type { Assembly } from '../reliability/assembly.js';
import { type AssemblyFailure, AssemblyTable } from '../reliability/assembly-table.js';
import { BucketHistory } from '../reliability/bucket-history.js';
import { FlowWindow } from '../reliability/flow-window.js';
import type { InboundStream } from '../reliability/inbound-stream.js';
import { RepairRing } from '../reliability/repair-ring.js';
import type { PeerView } from '../membership/peer-view.js';
import { UnreadableBook } from '../membership/unreadable-book.js';
import type { BatchPacket } from '../wire/packet.js';
import { clusterTagOf } from '../wire/cluster-tag.js';
import { Counters } from './counters.js';
import type { MeshNodeConfig } from './node-config.js';
import type { NodeEvent, ResyncReason } from './node-event.js';
import { Outbox } from './outbox.js';

/** What stands in for an own address before one is known. */
const UNSPECIFIED: Endpoint = '0.0.0.0:0';

/** What a resync says of an event that was not put together. */
const DROP_REASONS: Readonly<Record<AssemblyFailure, ResyncReason>> = {
  'assembly-limit': 'overrun',
  'assembly-timeout': 'gap',
  'assembly-conflict': 'gap',
  'assembly-join': 'join',
};

/** The state that the parts of one node share. Each part says in its own file what it changes. */
export class NodeContext {
  readonly config: MeshNodeConfig;
  readonly clusterTag: number;
  readonly counters = new Counters();
  readonly outbox = new Outbox();
  readonly events = new Fifo<NodeEvent>();
  readonly members: MemberTable;
  readonly legacy: LegacyTable;
  readonly greetings: GreetingBook;
  readonly unreadable: UnreadableBook;
  /** What has been heard of each member, and of members past as long as they are remembered. */
  readonly streams = new Map<NodeId, InboundStream>();
  /** What can be repeated: own datagrams, and those of all others together. */
  readonly ownRing: RepairRing;
  readonly heardRing: RepairRing;
  /** Events and questions that have not come to their end. */
  readonly assemblies = new AssemblyTable((assembly, why) => this.#tellDropped(assembly, why));
  readonly history = new BucketHistory();
  readonly flow = new FlowWindow();
  /** The addresses that the user's seeds stand for now. */
  seeds: ReadonlySet<Endpoint> = new Set();
  /** Own addresses, the advertised one first, and those at which a greeting met its sender. */
  endpoints: readonly Endpoint[] = [];
  readonly selfEndpoints = new Set<Endpoint>();
  /** The node is going: nobody is to be met any more. */
  leaving = false;
  /** Since when what was missed before does not matter any more; `undefined` before the node is ready. */
  readyAt: Instant | undefined;
  /** What the smallest socket of this node can hold: half of what the kernel counts, on Linux. */
  receiveBufferBytes: number | undefined;
  /** The last sequence that was given to a datagram. */
  highest = 0;

  constructor(config: MeshNodeConfig) {
    this.config = config;
    this.clusterTag = clusterTagOf(config.cluster);
    this.members = new MemberTable(config.id, config.limits.peers);
    this.legacy = new LegacyTable(config.limits.unverifiedPeers);
    const bounds = { bytes: config.limits.repairBytes, ageMs: config.limits.repairAge };
    this.ownRing = new RepairRing(bounds);
    this.heardRing = new RepairRing(bounds);
    this.unreadable = new UnreadableBook(config.heartbeatMs);
    this.greetings = new GreetingBook(config.random, config.limits.unverifiedPeers);
  }

  get advertised(): Endpoint {
    return this.endpoints[0] ?? UNSPECIFIED;
  }

  /** The oldest own sequence that can be repeated. */
  get floor(): number {
    return this.ownRing.oldest(this.config.id) ?? this.highest + 1;
  }

  /** Members that are sent what goes to everyone by themselves, as they do not hear the group. */
  unicastMembers(now: Instant): Endpoint[] {
    const to: Endpoint[] = [];
    for (const member of this.members.values()) if (!member.hearsGroup(now)) to.push(member.endpoint);
    return to;
  }

  /** Hands keys up. */
  deliver(origin: PeerView, sequence: number, { keys, attachments }: Pick<BatchPacket, 'keys' | 'attachments'>): void {
    if (keys.length === 0) return;
    this.counters.values.delivered += keys.length;
    this.events.push({ kind: 'keys', origin, sequence, keys, attachments });
  }

  /** Keys may have been missed. */
  raise(reason: ResyncReason, origin: NodeId | undefined, buckets: BucketSet | 'all'): void {
    this.counters.values.resyncsRaised++;
    this.events.push({ kind: 'resync', reason, origin, buckets });
    this.assemblies.cover(buckets);
  }

  /** Keys of one bucket may have been missed; of none where it was a question. */
  raiseBucket(reason: ResyncReason, origin: NodeId, bucket: number | undefined): void {
    if (bucket === undefined) return;
    const buckets = new BucketSet();
    buckets.add(bucket);
    this.raise(reason, origin, buckets);
  }

  isSelf(endpoint: Endpoint): boolean {
    return this.endpoints.includes(endpoint) || this.selfEndpoints.has(endpoint);
  }

  /** What every frame to a verified member begins with. */
  frameTo(member: Member): { readonly sender: NodeId; readonly clusterTag: number; readonly nonce: bigint } {
    return { sender: this.config.id, clusterTag: this.clusterTag, nonce: member.theirNonce };
  }

  /** How it is now: the member itself goes on changing. */
  viewOf(member: Member): PeerView {
    const { id, endpoint, zone, client, lastHeardAt } = member;
    const isUnreadable = member.state === 'suspect' && this.unreadable.has(id);
    return {
      id,
      endpoint,
      zone,
      state: isUnreadable ? 'unreadable' : member.state,
      legacy: false,
      client,
      lastHeardAt,
    };
  }

  tellPeer(member: Member): void {
    this.events.push({ kind: 'peer', peer: this.viewOf(member) });
  }

  /** Of an event that came in part, the rest is not waited for any more. */
  #tellDropped({ origin, bucket, isCovered }: Assembly, why: AssemblyFailure): void {
    this.counters.drop(why);
    if (isCovered) return;
    const isGone = why === 'assembly-timeout' && this.members.get(origin) === undefined;
    this.raiseBucket(isGone ? 'peer-lost' : DROP_REASONS[why], origin, bucket);
  }
}
