import type { Instant } from '../primitives/instant.js';
import { TokenBucket } from '../primitives/token-bucket.js';
import type { NodeId } from '../primitives/node-id.js';
import type { Member } from '../membership/member.js';
import { type Departed, GONE_TOLD_MS } from '../membership/member-table.js';
import { InboundStream } from '../reliability/inbound-stream.js';
import type { GoneEntry, HeardEntry, HeartbeatPacket } from '../wire/packet.js';
import { MAX_GONE_COUNT, MAX_GONE_SECONDS, roomForHeard } from '../wire/trailer-encoder.js';
import type { LastWords } from './last-words.js';
import type { NodeContext } from './node-context.js';
import type { Recovery } from './recovery.js';

/** Of those gone, so many are told, of which so many are the latest ones; the others take turns. */
const GONE_TOLD = 8;
const LATEST_GONE = GONE_TOLD / 2;
/** Where more than that have gone in so many heartbeats, as many as there is room for: everyone wants to know of them. */
const LATELY_HEARTBEATS = 12;
/** Who is named by others for so many heartbeats and never met is beyond a cut, and is followed by hearsay. */
const UNMET_HEARTBEATS = 3;

/** Strangers that one member may have this node follow. Beyond that its word is taken for one resync of all keys. */
const STRANGERS_AT_ONCE = 64;
const STRANGERS_A_HEARTBEAT = 20;

type StrangerCause = 'join' | 'heal';
type Refuse = (cause: StrangerCause) => void;

/** What heartbeats say of third nodes: how far they have come, as the sender has heard. It shows gaps that no packet shows. */
export class Hearsay {
  readonly #context: NodeContext;
  readonly #recovery: Recovery;
  readonly #lastWords: LastWords;
  /** Since when others have been naming a node that this one has not met. */
  readonly #unmet = new Map<NodeId, Instant>();
  /** Of each member: how many strangers more it may have this node follow. */
  readonly #budgets = new WeakMap<Member, TokenBucket>();
  #heardTurn = 0;
  #goneTurn = 0;

  constructor(context: NodeContext, recovery: Recovery, lastWords: LastWords) {
    this.#context = context;
    this.#recovery = recovery;
    this.#lastWords = lastWords;
  }

  /** What the next heartbeat says. */
  tell(now: Instant): Pick<HeartbeatPacket, 'heard' | 'gone'> {
    const gone = this.#tellGone(now);
    return { heard: this.#tellHeard(roomForHeard(gone?.length ?? 0)), gone };
  }

  take(now: Instant, member: Member, { heard, gone }: HeartbeatPacket): void {
    const refused = { join: false, heal: false };
    const refuse = (cause: StrangerCause): void => void (refused[cause] = true);
    for (const entry of heard ?? []) this.#takeHeard(now, member, entry, refuse);
    for (const entry of gone ?? []) this.#takeGone(now, member, entry, refuse);
    // What it knows, and this node does not, may concern any key.
    if (refused.join || refused.heal) this.#context.raise(refused.heal ? 'heal' : 'join', member.id, 'all');
  }

  #tellHeard(room: number): readonly HeardEntry[] | undefined {
    const { members, streams } = this.#context;
    const known: HeardEntry[] = [];
    for (const { id, confirmed } of members.values()) {
      const highest = confirmed ? (streams.get(id)?.window.top ?? 0) : 0;
      if (highest > 0) known.push({ id, highest });
    }
    if (known.length === 0) return undefined;
    if (known.length <= room) return known;
    return inTurn(known, (this.#heardTurn += room), room);
  }

  #tellGone(now: Instant): GoneEntry[] | undefined {
    const { members, config } = this.#context;
    const gone = [...members.departedValues()].filter(({ id, at }) => this.#topOf(id) > 0 && now - at < GONE_TOLD_MS);
    if (gone.length === 0) return undefined;
    const lately = gone.filter(({ at }) => now - at < LATELY_HEARTBEATS * config.heartbeatMs);
    return this.#chooseGone(gone, lately).map((one) => this.#goneEntry(now, one));
  }

  #chooseGone(gone: readonly Departed[], lately: readonly Departed[]): readonly Departed[] {
    if (lately.length > LATEST_GONE) return inTurn(lately, (this.#goneTurn += MAX_GONE_COUNT), MAX_GONE_COUNT);
    const others = gone.slice(0, -LATEST_GONE);
    return [...gone.slice(-LATEST_GONE), ...inTurn(others, (this.#goneTurn += LATEST_GONE), GONE_TOLD - LATEST_GONE)];
  }

  #goneEntry(now: Instant, { id, member }: Departed): GoneEntry {
    return { id, highest: this.#topOf(id), seconds: Math.floor((now - member.lastHeardAt) / 1000) };
  }

  #topOf(id: NodeId): number {
    return this.#context.streams.get(id)?.window.top ?? 0;
  }

  #takeHeard(now: Instant, member: Member, { id, highest }: HeardEntry, refuse: Refuse): void {
    if (id === this.#context.config.id) return;
    const stream = this.#context.streams.get(id);
    // For its last words this does not count: whoever takes it for alive may have more of it to read.
    if (stream !== undefined) return this.#follow(now, stream, highest, member);
    const { config, readyAt } = this.#context;
    if (readyAt === undefined) return;
    const since = this.#unmet.get(id);
    if (since === undefined) return this.#noteUnmet(now, id);
    if (now - since < UNMET_HEARTBEATS * config.heartbeatMs) return;
    this.#unmet.delete(id);
    if (!this.#mayFollow(now, member)) return refuse('join');
    this.#followStranger(now, { id, highest }, member, 'join');
  }

  /** A node that this one never met has said something, and died, while this one was there to miss it. */
  #takeGone(now: Instant, member: Member, { id, highest, seconds }: GoneEntry, refuse: Refuse): void {
    const { config, readyAt, streams } = this.#context;
    if (id === config.id) return;
    const stream = streams.get(id);
    if (stream !== undefined) {
      this.#lastWords.answered(id, member.id, true);
      return this.#follow(now, stream, highest, member);
    }
    // Nobody tells of what is so long ago.
    if (readyAt === undefined || seconds >= MAX_GONE_SECONDS || now - seconds * 1000 <= readyAt) return;
    if (!this.#mayFollow(now, member)) return refuse('heal');
    this.#followStranger(now, { id, highest }, member, 'heal');
  }

  #follow(now: Instant, stream: InboundStream, highest: number, member: Member): void {
    // Nobody can confirm what is said of a node that can not be reached; and nobody but it is hurt by a lie.
    if (!stream.relayed) return this.#recovery.claim(now, stream, highest, member.id);
    stream.claimant = member.id;
    this.#recovery.confirm(now, stream, highest);
  }

  #followStranger(now: Instant, entry: HeardEntry, member: Member, cause: StrangerCause): void {
    const { streams, config } = this.#context;
    if (streams.size >= config.limits.peers * 2) this.#makeRoom();
    if (streams.size >= config.limits.peers * 2) return this.#context.counters.drop('peers-limit');
    const stream = new InboundStream(entry.id, 0);
    stream.cause = cause;
    stream.relayed = true;
    streams.set(entry.id, stream);
    this.#follow(now, stream, entry.highest, member);
  }

  /** Each of them is asked after for seconds, here and elsewhere, so that a member that lies could have everyone do so. */
  #mayFollow(now: Instant, member: Member): boolean {
    const perMs = STRANGERS_A_HEARTBEAT / this.#context.config.heartbeatMs;
    const budget = this.#budgets.get(member) ?? new TokenBucket(now, { perMs, burst: STRANGERS_AT_ONCE });
    this.#budgets.set(member, budget);
    const may = budget.take(now, 1);
    if (!may) this.#context.counters.drop('hearsay-budget');
    return may;
  }

  /** Forgets the one that has been followed by hearsay for longest, of those of which nothing is missing. */
  #makeRoom(): void {
    for (const stream of this.#context.streams.values()) {
      if (!stream.relayed || !stream.whole) continue;
      this.#recovery.forget(stream);
      this.#context.streams.delete(stream.id);
      return;
    }
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

/** So many of them, from a place on that moves with each turn. */
function inTurn<T>(all: readonly T[], turn: number, count: number): readonly T[] {
  const from = all.length === 0 ? 0 : turn % all.length;
  return [...all.slice(from), ...all.slice(0, from)].slice(0, count);
}
