import type { Instant } from '../primitives/instant.js';
import { NO_NONCE } from '../primitives/nonce.js';
import type { NodeId } from '../primitives/node-id.js';
import { TokenBucket } from '../primitives/token-bucket.js';
import type { Member } from '../membership/member.js';
import type { KeptDatagram } from '../reliability/repair-ring.js';
import { REPAIR_EXTRA_BYTES } from '../wire/packet.js';
import type { NackPacket, ResyncRequestPacket } from '../wire/repair-packet.js';
import type { NodeContext } from './node-context.js';

/** What one member may have repeated to it: as fast as a small socket buffer can be emptied and filled. */
const MEMBER_TERMS = { perMs: 16_384, burst: 262_144 } as const;
/** And all of them: a fifth of a core, at 10 µs a datagram. */
const TOTAL_TERMS = { perMs: 24_576, burst: 1_048_576 } as const;
/** Of one question, no more sequences are looked at. */
const MAX_SEQUENCES = 128;
/** From this many askers on the answer goes to everyone. */
const ASKERS_TO_GROUP = 3;
/** Who asks within this time after another misses the same datagram for the same reason. */
const TOGETHER_MS = 30;
/** What went to the group so lately is on its way to whoever asks. */
const ON_ITS_WAY_MS = 15;
const REPAIR_HEADER_BYTES = REPAIR_EXTRA_BYTES + 18;
const RESYNC_BYTES = 560;

/** Answers those who missed something, from what is kept of own datagrams and of others'. */
export class Repairer {
  readonly #context: NodeContext;
  readonly #budgets = new WeakMap<Member, TokenBucket>();
  #total: TokenBucket | undefined;

  constructor(context: NodeContext) {
    this.#context = context;
  }

  handleNack(now: Instant, member: Member, packet: NackPacket): void {
    const isOwn = packet.about === this.#context.config.id;
    let looked = 0;
    let unknown = packet.ranges.length === 0;
    for (const { from, count } of packet.ranges) {
      for (let sequence = from; sequence < from + count && looked < MAX_SEQUENCES; sequence++, looked++) {
        const kept = this.#find(now, packet.about, sequence);
        if (kept === undefined) unknown = true;
        else this.#repeatTo(now, member, kept);
      }
    }
    // What was asked for and never existed must be told so by its origin: somebody has forged it.
    if (unknown && (isOwn || packet.ranges.length === 0)) this.#answer(now, member, packet);
  }

  handleResyncRequest(now: Instant, member: Member, packet: ResyncRequestPacket): void {
    const { highest, history, outbox } = this.#context;
    if (!this.#mayRepeat(now, member, RESYNC_BYTES)) return this.#context.counters.drop('repair-budget');
    const buckets = history.since(packet.from);
    outbox.toOne(
      {
        kind: 'resync',
        ...this.#context.frameTo(member),
        requestId: packet.requestId,
        from: packet.from,
        upTo: Math.max(highest, packet.from - 1),
        buckets,
      },
      member.endpoint,
    );
  }

  /** Repeats an own datagram to everyone: the last of a row is missed by nobody until the next one comes. */
  repeatToAll(now: Instant, sequence: number): void {
    const kept = this.#context.ownRing.find(this.#context.config.id, sequence);
    if (kept === undefined) return;
    kept.repeatedAt = now;
    this.#send(kept, NO_NONCE, this.#context.config.multicast, this.#context.unicastMembers(now));
  }

  #find(now: Instant, about: NodeId, sequence: number): KeptDatagram | undefined {
    const ring = about === this.#context.config.id ? this.#context.ownRing : this.#context.heardRing;
    const kept = ring.find(about, sequence);
    return kept !== undefined && now - kept.at <= this.#context.config.limits.repairAge ? kept : undefined;
  }

  #repeatTo(now: Instant, member: Member, kept: KeptDatagram): void {
    const { config, counters } = this.#context;
    const isOwn = kept.origin === config.id;
    const byGroup = isOwn && config.multicast && member.hearsGroup(now);
    if (byGroup && now - kept.repeatedAt < ON_ITS_WAY_MS) return;
    if (!this.#mayRepeat(now, member, kept.length + REPAIR_HEADER_BYTES)) {
      counters.drop('repair-budget');
      return;
    }
    kept.asked = now - kept.askedAt > TOGETHER_MS ? 1 : kept.asked + 1;
    kept.askedAt = now;
    if (byGroup && kept.asked >= ASKERS_TO_GROUP) {
      kept.repeatedAt = now;
      return this.#send(kept, NO_NONCE, true, []);
    }
    this.#send(kept, member.theirNonce, false, [member.endpoint]);
  }

  #send(kept: KeptDatagram, nonce: bigint, toGroup: boolean, to: readonly string[]): void {
    const { config, clusterTag, counters, outbox } = this.#context;
    counters.values.repairsSent++;
    const head = { sender: config.id, clusterTag, nonce, toGroup: nonce === NO_NONCE };
    outbox.toMany({ kind: 'repeat', head, original: kept }, toGroup, to);
  }

  /** How far the node in question has come, by all that is known here. */
  #answer(now: Instant, member: Member, packet: NackPacket): void {
    const { config, highest, streams, ownRing, heardRing, outbox } = this.#context;
    const { about, token } = packet;
    const isOwn = about === config.id;
    const stream = streams.get(about);
    (isOwn ? ownRing : heardRing).prune(now);
    const known = isOwn ? highest : (stream?.window.top ?? 0);
    // Who has never heard of it says so by a floor of 0.
    const floor = isOwn ? this.#context.floor : stream === undefined ? 0 : (heardRing.oldest(about) ?? known + 1);
    outbox.toOne(
      { kind: 'beacon', ...this.#context.frameTo(member), token, about, highest: known, floor },
      member.endpoint,
    );
  }

  #mayRepeat(now: Instant, member: Member, bytes: number): boolean {
    this.#total ??= new TokenBucket(now, TOTAL_TERMS);
    let budget = this.#budgets.get(member);
    if (budget === undefined) this.#budgets.set(member, (budget = new TokenBucket(now, MEMBER_TERMS)));
    return budget.take(now, bytes) && this.#total.take(now, bytes);
  }
}
