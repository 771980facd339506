import { type Instant, NEVER } from '../primitives/instant.js';
import { NO_NONCE } from '../primitives/nonce.js';
import type { NodeId } from '../primitives/node-id.js';
import { randomBelow } from '../primitives/random.js';
import type { Member } from '../membership/member.js';
import type { InboundStream, ResyncRequest } from '../reliability/inbound-stream.js';
import { type Range, WINDOW_SIZE } from '../reliability/receive-window.js';
import type { BeaconPacket, ResyncPacket } from '../wire/repair-packet.js';
import type { NodeContext } from './node-context.js';
import type { ResyncReason } from './node-event.js';

/** From this try on others are asked too: the way to the origin may be cut. */
const TRIES_OF_ORIGIN = 3;
/** An unanswered request for buckets is repeated after this, and given up after that. */
const REQUEST_PAUSE_MS = 250;
const REQUEST_LIMIT_MS = 2000;
/** A claim from afar that its origin does not confirm for so long is made up for by a resync. */
const FAR_CLAIM_LIMIT_MS = 5000;
/** Between two questions to one origin how far it has come. */
const QUESTION_SPACING_MS = 100;
/** Whoever left serves what was missed for a moment more. */
export const LINGER_MS = 500;

/**
 * What is missing of what others sent: it is asked for, first of who sent it, then of anyone; where that is in vain, the
 * buckets of it are; and where nobody answers, everything counts as missed. Nothing is ever given up in silence.
 */
export class Recovery {
  readonly #context: NodeContext;
  readonly #isIsolated: () => boolean;
  /** Streams with something missing. */
  readonly #active = new Set<InboundStream>();
  #nextAt: Instant = NEVER;
  #token: number;

  constructor(context: NodeContext, isIsolated: () => boolean) {
    this.#context = context;
    this.#isIsolated = isIsolated;
    this.#token = context.config.random.u32();
  }

  deadline(): Instant {
    return this.#nextAt;
  }

  /** To be called after anything was heard or said of the stream. */
  review(now: Instant, stream: InboundStream): void {
    const { config, members, counters } = this.#context;
    counters.values.gaps += stream.noteGaps(now, config.random, members.size);
    if (stream.whole && !this.#active.has(stream)) {
      stream.cause = 'gap';
      return;
    }
    this.#active.add(stream);
    this.#nextAt = Math.min(this.#nextAt, this.#deadlineOf(now, stream));
  }

  /** Somebody says that the origin has come so far. */
  claim(now: Instant, stream: InboundStream, highest: number, claimant: NodeId): void {
    const claim = stream.claim(now, highest, claimant);
    if (claim === 'known') return;
    if (claim !== 'gap') this.question(now, stream);
    this.review(now, stream);
  }

  /** The origin says so itself. */
  confirm(now: Instant, stream: InboundStream, highest: number): void {
    stream.confirm(highest);
    this.review(now, stream);
  }

  /** Asks the origin how far it has come, if it can be asked. */
  question(now: Instant, stream: InboundStream, spacingMs = QUESTION_SPACING_MS): void {
    const origin = this.#context.members.get(stream.id);
    if (origin === undefined || now < stream.nextQuestionAt) return;
    stream.nextQuestionAt = now + spacingMs;
    this.#ask(stream, origin, []);
  }

  /** Asks a member what it knows of an origin. */
  askOf(stream: InboundStream, member: Member): void {
    this.#ask(stream, member, []);
  }

  /** A member's answer, or with no nonce anybody's word in its name. */
  handleBeacon(now: Instant, member: Member, packet: BeaconPacket): void {
    const stream = this.#context.streams.get(packet.about);
    if (stream === undefined) return;
    if (packet.nonce === NO_NONCE || packet.about !== member.id) {
      return this.claim(now, stream, packet.highest, member.id);
    }
    const forged = stream.settle(packet.token, packet.highest);
    if (forged > 0) this.#context.counters.drop('forged-sequence');
    stream.confirm(packet.highest);
    if (stream.farClaim !== undefined) this.question(now, stream);
    // A window that was moved so far has taken true datagrams for old ones.
    if (forged >= WINDOW_SIZE) this.giveUp(stream);
    const isGone = stream.window.missing(stream.window.contiguous + 1, packet.floor - 1, 1).length > 0;
    if (isGone) this.#request(now, stream);
    this.review(now, stream);
  }

  handleResync(now: Instant, member: Member, packet: ResyncPacket): void {
    const stream = this.#context.streams.get(member.id);
    if (stream?.request?.id !== packet.requestId) return;
    if (packet.from > stream.request.from || packet.upTo < packet.from - 1) return;
    const reason = this.#reasonFor(stream);
    stream.request = undefined;
    stream.nextRequestAt = now + REQUEST_PAUSE_MS;
    stream.confirm(packet.upTo);
    stream.close(packet.from, packet.upTo);
    if (packet.upTo >= packet.from) this.#context.raise(reason, stream.id, packet.buckets);
    this.review(now, stream);
  }

  /** The origin can not be asked any more, or can be again: what is missing is asked for anew. */
  restart(now: Instant, stream: InboundStream): void {
    stream.request = undefined;
    stream.gaps.restart(now);
    this.review(now, stream);
  }

  /** What is missing of the stream, known or not, will not be had: everything of it counts as missed. */
  giveUp(stream: InboundStream): void {
    const reason = this.#reasonFor(stream);
    stream.closeAll();
    // Who is cut off from everyone is told by its status, and to drop everything when somebody is heard again.
    if (!this.#isIsolated()) this.#context.raise(reason, stream.id, 'all');
  }

  /** The stream is not remembered any more. */
  forget(stream: InboundStream): void {
    this.#active.delete(stream);
  }

  handleTimeout(now: Instant): void {
    if (now < this.#nextAt) return;
    this.#nextAt = NEVER;
    for (const stream of this.#active) {
      this.#proceed(now, stream);
      if (!stream.whole || stream.gaps.size > 0 || stream.request !== undefined) {
        // A deadline that rounding put into the past must not keep the loop busy.
        const deadline = this.#deadlineOf(now, stream);
        this.#nextAt = Math.min(this.#nextAt, deadline > now ? deadline : now + 1);
        continue;
      }
      this.#active.delete(stream);
      stream.cause = 'gap';
    }
  }

  forgive(lateness: number): void {
    for (const stream of this.#active) stream.forgive(lateness);
  }

  #proceed(now: Instant, stream: InboundStream): void {
    stream.dropFilled();
    const { farClaim } = stream;
    if (farClaim !== undefined && now - farClaim.since >= FAR_CLAIM_LIMIT_MS) return this.giveUp(stream);
    if (stream.window.lost !== undefined || stream.gaps.isOverdue(now)) this.#request(now, stream);
    if (stream.request !== undefined) this.#driveRequest(now, stream, stream.request);
    const ask = stream.dueAsk(now, this.#context.config.random);
    if (ask === undefined) return;
    for (const target of this.#whomToAsk(now, stream, ask.tries)) this.#ask(stream, target, ask.ranges);
  }

  /** Only the origin knows its buckets. */
  #request(now: Instant, stream: InboundStream): void {
    if (stream.request !== undefined) return;
    if (this.#context.members.get(stream.id) === undefined) return this.giveUp(stream);
    if (stream.cause === 'gap' && stream.window.lost !== undefined) stream.cause = 'overrun';
    const nextAt = Math.max(now, stream.nextRequestAt);
    stream.request = { id: this.#nextToken(), from: stream.window.contiguous + 1, since: now, nextAt };
  }

  #driveRequest(now: Instant, stream: InboundStream, request: ResyncRequest): void {
    if (stream.whole) {
      stream.request = undefined;
      return;
    }
    const origin = this.#context.members.get(stream.id);
    if (origin === undefined || now - request.since >= REQUEST_LIMIT_MS) return this.giveUp(stream);
    if (now < request.nextAt) return;
    request.nextAt = now + REQUEST_PAUSE_MS;
    this.#context.outbox.toOne(
      {
        kind: 'resync-request',
        ...this.#context.frameTo(origin),
        requestId: request.id,
        from: request.from,
      },
      origin.endpoint,
    );
  }

  /** Two answers come sooner than one: by turns, p99 at 30 % loss without multicast was 392 ms, and is 236. */
  #whomToAsk(now: Instant, stream: InboundStream, tries: number): Member[] {
    const origin = this.#context.members.get(stream.id) ?? this.#context.members.lingering(stream.id, now - LINGER_MS);
    if (origin !== undefined && tries < TRIES_OF_ORIGIN) return [origin];
    return [origin, this.#holder(stream, tries)].filter((member) => member !== undefined);
  }

  /** Somebody who may have it: whoever said so and anyone, by turns. */
  #holder(stream: InboundStream, tries: number): Member | undefined {
    const { members, config } = this.#context;
    const claimant = stream.claimant === undefined ? undefined : members.get(stream.claimant);
    const firstTry = members.get(stream.id) === undefined ? 0 : TRIES_OF_ORIGIN;
    if ((tries - firstTry) % 2 === 0 && claimant !== undefined && claimant.id !== stream.id) return claimant;
    const others = [...members.values()].filter(
      (member) => member.id !== stream.id && member.confirmed && member.state === 'alive',
    );
    return others[randomBelow(config.random, others.length)];
  }

  #ask(stream: InboundStream, member: Member, ranges: readonly Range[]): void {
    const token = this.#nextToken();
    if (member.id === stream.id) stream.ask(token);
    this.#context.counters.values.nacksSent++;
    this.#context.outbox.toOne(
      {
        kind: 'nack',
        ...this.#context.frameTo(member),
        token,
        about: stream.id,
        ranges: ranges.map(({ from, to }) => ({ from, count: to - from + 1 })),
      },
      member.endpoint,
    );
  }

  #deadlineOf(now: Instant, stream: InboundStream): Instant {
    const { request, farClaim, gaps, window } = stream;
    // Once buckets are asked for, that a gap is old is known, and must not keep a deadline in the past.
    let deadline = gaps.deadline(request === undefined);
    if (farClaim !== undefined) deadline = Math.min(deadline, farClaim.since + FAR_CLAIM_LIMIT_MS);
    if (request !== undefined) return Math.min(deadline, request.nextAt, request.since + REQUEST_LIMIT_MS);
    return window.lost === undefined ? deadline : now;
  }

  #reasonFor(stream: InboundStream): ResyncReason {
    if (stream.cause !== 'gap') return stream.cause;
    return this.#context.members.get(stream.id) === undefined ? 'peer-lost' : 'gap';
  }

  #nextToken(): number {
    // 0 is no token.
    this.#token = this.#token === 0xffff_ffff ? 1 : this.#token + 1;
    return this.#token;
  }
}
