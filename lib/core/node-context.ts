import type { Endpoint } from '../primitives/endpoint.js';
import { Fifo } from '../primitives/fifo.js';
import type { NodeId } from '../primitives/node-id.js';
import { GreetingBook } from '../membership/greeting-book.js';
import { LegacyTable } from '../membership/legacy-table.js';
import type { Member } from '../membership/member.js';
import { MemberTable } from '../membership/member-table.js';
import type { ReceiveWindow } from '../reliability/receive-window.js';
import { clusterTagOf } from '../wire/cluster-tag.js';
import { Counters } from './counters.js';
import type { MeshNodeConfig } from './node-config.js';
import type { NodeEvent } from './node-event.js';
import { Outbox } from './outbox.js';

/** What stands in for an own address before one is known. */
const UNSPECIFIED: Endpoint = '0.0.0.0:0';

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
  /** What has been heard of each member, and of members past as long as they are remembered. */
  readonly windows = new Map<NodeId, ReceiveWindow>();
  /** The addresses that the user's seeds stand for now. */
  seeds: ReadonlySet<Endpoint> = new Set();
  /** Own addresses, the advertised one first, and those at which a greeting met its sender. */
  endpoints: readonly Endpoint[] = [];
  readonly selfEndpoints = new Set<Endpoint>();
  /** The node is going: nobody is to be met any more. */
  leaving = false;
  /** The last sequence that was given to a datagram. */
  highest = 0;

  constructor(config: MeshNodeConfig) {
    this.config = config;
    this.clusterTag = clusterTagOf(config.cluster);
    this.members = new MemberTable(config.id, config.limits.peers);
    this.legacy = new LegacyTable(config.limits.unverifiedPeers);
    this.greetings = new GreetingBook(config.random, config.limits.unverifiedPeers);
  }

  get advertised(): Endpoint {
    return this.endpoints[0] ?? UNSPECIFIED;
  }

  isSelf(endpoint: Endpoint): boolean {
    return this.endpoints.includes(endpoint) || this.selfEndpoints.has(endpoint);
  }

  /** What every frame to a verified member begins with. */
  frameTo(member: Member): { readonly sender: NodeId; readonly clusterTag: number; readonly nonce: bigint } {
    return { sender: this.config.id, clusterTag: this.clusterTag, nonce: member.theirNonce };
  }

  tellPeer(member: Member): void {
    this.events.push({
      kind: 'peer',
      peer: {
        id: member.id,
        endpoint: member.endpoint,
        zone: member.zone,
        state: member.state,
        legacy: false,
        client: member.client,
        lastHeardAt: member.lastHeardAt,
      },
    });
  }
}
