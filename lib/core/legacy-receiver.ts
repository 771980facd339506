import { type Endpoint, parseEndpoint } from '../primitives/endpoint.js';
import { fnv1a32 } from '../primitives/fnv1a.js';
import type { Instant } from '../primitives/instant.js';
import type { NodeId } from '../primitives/node-id.js';
import { LEGACY_TIMEOUT_MS, LegacyPeer } from '../membership/legacy-table.js';
import type { PeerView } from '../membership/peer-view.js';
import type { BatchPacket, HeartbeatPacket, InvalidatePacket } from '../wire/packet.js';
import type { Arrival } from './arrival.js';
import type { NodeContext } from './node-context.js';
import type { Roster } from './roster.js';
import type { Watch } from './watch.js';

/** What v1 nodes say. It has no sequence, so nothing of it can be found missing, and no proof, so it may be anybody's. */
export class LegacyReceiver {
  readonly #context: NodeContext;
  readonly #roster: Roster;
  readonly #watch: Watch;
  /** Strangers that were seen with a trailer: nobody can speak for them in v1's way. */
  readonly #extended = new Set<NodeId>();

  constructor(context: NodeContext, roster: Roster, watch: Watch) {
    this.#context = context;
    this.#roster = roster;
    this.#watch = watch;
  }

  /** One key, or a batch without our trailer. */
  handleEvents(now: Instant, arrival: Arrival, packet: InvalidatePacket | BatchPacket, bytes: Buffer): void {
    if (this.#isExtended(packet.sender)) return this.#context.counters.drop('downgrade');
    const peer = this.#peer(now, packet.sender, arrival.from);
    if (peer?.isTwin(now, arrival.viaGroup, fnv1a32(bytes)) === true) {
      this.#context.counters.values.duplicates++;
      return;
    }
    const origin: PeerView = peer ?? new LegacyPeer(packet.sender, arrival.from, now);
    const keys = (packet.kind === 'batch' ? packet.keys : [packet.key]).filter((key) => key !== '');
    this.#context.deliver(origin, 0, { keys, attachments: undefined });
  }

  handleHeartbeat(now: Instant, arrival: Arrival, packet: HeartbeatPacket): void {
    if (this.#isExtended(packet.sender)) return this.#context.counters.drop('downgrade');
    const peer = this.#peer(now, packet.sender, arrival.from);
    if (peer !== undefined) peer.endpoint = this.#endpointOf(arrival.from, packet.address);
  }

  noteExtended(id: NodeId): void {
    this.#extended.add(id);
    if (this.#extended.size <= this.#context.config.limits.unverifiedPeers) return;
    for (const oldest of this.#extended) {
      this.#extended.delete(oldest);
      return;
    }
  }

  #peer(now: Instant, id: NodeId, from: Endpoint): LegacyPeer | undefined {
    this.#watch.expect(now + LEGACY_TIMEOUT_MS);
    return this.#roster.legacyPeer(now, id, from);
  }

  #isExtended(id: NodeId): boolean {
    const { members } = this.#context;
    return members.get(id) !== undefined || members.departed(id) !== undefined || this.#extended.has(id);
  }

  /** The address that it gives, if the user named that one; else the one that it was heard from. */
  #endpointOf(from: Endpoint, advertised: string): Endpoint {
    const known = this.#context.seeds.has(advertised) && parseEndpoint(advertised) !== undefined;
    return known ? advertised : from;
  }
}
