import type { Instant } from '../primitives/instant.js';
import type { NodeId } from '../primitives/node-id.js';
import type { Member } from '../membership/member.js';
import type { Departed } from '../membership/member-table.js';
import { InboundStream } from '../reliability/inbound-stream.js';
import type { GoneEntry, HeardEntry, HeartbeatPacket } from '../wire/packet.js';
import { MAX_GONE_COUNT, MAX_HEARD_COUNT } from '../wire/trailer-encoder.js';
import type { LastWords } from './last-words.js';
import type { NodeContext } from './node-context.js';
import type { Recovery } from './recovery.js';

/** Of those gone, so many are the latest ones; the others take turns. */
const LATEST_GONE = MAX_GONE_COUNT / 2;
/** Who is named by others for so many heartbeats and never met is beyond a cut, and is followed by hearsay. */
const UNMET_HEARTBEATS = 3;

/** What heartbeats say of third nodes: how far they have come, as the sender has heard. It shows gaps that no packet shows. */
export class Hearsay {
  readonly #context: NodeContext;
  readonly #recovery: Recovery;
  readonly #lastWords: LastWords;
  /** Since when others have been naming a node that this one has not met. */
  readonly #unmet = new Map<NodeId, Instant>();
  #heardTurn = 0;
  #goneTurn = 0;

  constructor(context: NodeContext, recovery: Recovery, lastWords: LastWords) {
    this.#context = context;
    this.#recovery = recovery;
    this.#lastWords = lastWords;
  }

  /** What the next heartbeat says. */
  tell(now: Instant): Pick<HeartbeatPacket, 'heard' | 'gone'> {
    return { heard: this.#tellHeard(), gone: this.#tellGone(now) };
  }

  take(now: Instant, member: Member, { heard, gone }: HeartbeatPacket): void {
    for (const entry of heard ?? []) this.#takeHeard(now, member, entry);
    for (const entry of gone ?? []) this.#takeGone(now, member, entry);
  }

  #tellHeard(): HeardEntry[] | undefined {
    const { members, streams } = this.#context;
    const known: HeardEntry[] = [];
    for (const { id, confirmed } of members.values()) {
      const highest = confirmed ? (streams.get(id)?.window.top ?? 0) : 0;
      if (highest > 0) known.push({ id, highest });
    }
    if (known.length === 0) return undefined;
    if (known.length <= MAX_HEARD_COUNT) return known;
    const from = (this.#heardTurn += MAX_HEARD_COUNT) % known.length;
    return [...known.slice(from), ...known.slice(0, from)].slice(0, MAX_HEARD_COUNT);
  }

  #tellGone(now: Instant): GoneEntry[] | undefined {
    const gone = [...this.#context.members.departedValues()].filter(({ id }) => this.#topOf(id) > 0);
    if (gone.length === 0) return undefined;
    const others = gone.slice(0, -LATEST_GONE);
    const from = others.length === 0 ? 0 : (this.#goneTurn += LATEST_GONE) % others.length;
    const taking = [...others.slice(from), ...others.slice(0, from)].slice(0, MAX_GONE_COUNT - LATEST_GONE);
    return [...gone.slice(-LATEST_GONE), ...taking].map((one) => this.#goneEntry(now, one));
  }

  #goneEntry(now: Instant, { id, member }: Departed): GoneEntry {
    return { id, highest: this.#topOf(id), seconds: Math.floor((now - member.lastHeardAt) / 1000) };
  }

  #topOf(id: NodeId): number {
    return this.#context.streams.get(id)?.window.top ?? 0;
  }

  #takeHeard(now: Instant, member: Member, { id, highest }: HeardEntry): void {
    if (id === this.#context.config.id) return;
    const stream = this.#context.streams.get(id);
    if (stream !== undefined) {
      this.#lastWords.answered(id, member.id, true);
      return this.#follow(now, stream, highest, member);
    }
    const { config, readyAt } = this.#context;
    if (readyAt === undefined) return;
    const since = this.#unmet.get(id);
    if (since === undefined) return this.#noteUnmet(now, id);
    if (now - since < UNMET_HEARTBEATS * config.heartbeatMs) return;
    this.#unmet.delete(id);
    this.#followStranger(now, { id, highest }, member, 'join');
  }

  /** A node that this one never met has said something, and died, while this one was there to miss it. */
  #takeGone(now: Instant, member: Member, { id, highest, seconds }: GoneEntry): void {
    const { config, readyAt, streams } = this.#context;
    if (id === config.id) return;
    const stream = streams.get(id);
    if (stream !== undefined) {
      this.#lastWords.answered(id, member.id, true);
      return this.#follow(now, stream, highest, member);
    }
    if (readyAt === undefined || now - seconds * 1000 <= readyAt) return;
    this.#followStranger(now, { id, highest }, member, 'heal');
  }

  #follow(now: Instant, stream: InboundStream, highest: number, member: Member): void {
    // Nobody can confirm what is said of a node that can not be reached; and nobody but it is hurt by a lie.
    if (!stream.relayed) return this.#recovery.claim(now, stream, highest, member.id);
    stream.claimant = member.id;
    this.#recovery.confirm(now, stream, highest);
  }

  #followStranger(now: Instant, entry: HeardEntry, member: Member, cause: 'join' | 'heal'): void {
    const { streams, config } = this.#context;
    if (streams.size >= config.limits.peers * 2) return this.#context.counters.drop('peers-limit');
    const stream = new InboundStream(entry.id, 0);
    stream.cause = cause;
    stream.relayed = true;
    streams.set(entry.id, stream);
    this.#follow(now, stream, entry.highest, member);
  }

  #noteUnmet(now: Instant, id: NodeId): void {
    this.#unmet.set(id, now);
    if (this.#unmet.size <= this.#context.config.limits.unverifiedPeers) return;
    for (const oldest of this.#unmet.keys()) {
      this.#unmet.delete(oldest);
      return;
    }
  }
}
