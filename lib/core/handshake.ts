import type { Instant } from '../primitives/instant.js';
import type { Greeting } from '../membership/greeting-book.js';
import type { Member } from '../membership/member.js';
import type { HelloPacket } from '../wire/packet.js';
import type { Arrival } from './arrival.js';
import type { HelloSender } from './hello-sender.js';
import type { NodeContext } from './node-context.js';
import type { Recovery } from './recovery.js';
import type { Reach } from './reach.js';
import type { Roster } from './roster.js';
import type { Strangers } from './strangers.js';

/** Bounds of the option `heartbeat`: what a peer announces beyond them would be judged at once, or never. */
const SHORTEST_HEARTBEAT_MS = 100;
const LONGEST_HEARTBEAT_MS = 20_000;
/** A half-open handshake goes on after this pause, as the next message may be lost. */
const RETRY_MS = 100;

interface Parts {
  readonly roster: Roster;
  readonly reach: Reach;
  readonly recovery: Recovery;
  readonly hellos: HelloSender;
  readonly strangers: Strangers;
}

/**
 * The mutual proof of addresses. Each sends a nonce to the other's address and counts it as verified when the nonce
 * comes back; `verified` tells the other that this has happened. Until then an address gets greetings only.
 *
 *     A → B  hello      nonce a                     B knows nothing yet
 *     B → A  hello-ack  nonce b, echo a             A has verified B
 *     A → B  hello-ack  nonce a, echo b, verified   B has verified A, and both know it at B
 *     B → A  hello-ack  nonce b, echo a, verified   and at A
 *
 * Every message may be lost: the greeting stays in the book, and is repeated, until both sides are through.
 */
export class Handshake {
  readonly #context: NodeContext;
  readonly #parts: Parts;

  constructor(context: NodeContext, parts: Parts) {
    this.#context = context;
    this.#parts = parts;
  }

  handleHello(now: Instant, arrival: Arrival, packet: HelloPacket, length: number): void {
    const greeting = this.#context.greetings.echoed(packet.echo);
    if (greeting !== undefined) return this.#prove(now, arrival, greeting, packet);
    const member = this.#context.members.get(packet.sender);
    if (packet.echo === member?.ourNonce) return this.#refresh(now, member, packet);
    this.#answerUnproven(now, arrival, packet, length);
  }

  /** Whoever answered hears at the address that this nonce was sent to. */
  #prove(now: Instant, arrival: Arrival, greeting: Greeting, packet: HelloPacket): void {
    const { members, greetings } = this.#context;
    const known = members.get(packet.sender);
    const member = known ?? this.#admit(now, greeting, packet);
    if (member === undefined) return greetings.close(greeting);
    if (known !== undefined) {
      this.#parts.roster.vacate(now, greeting.endpoint, known);
      this.#proveAgain(known, greeting, packet, arrival);
    }
    this.#learn(now, member, packet);
    const isAnswered = known !== undefined && packet.verified && packet.kind === 'hello-ack';
    if (packet.verified) {
      greetings.close(greeting);
      this.#parts.roster.confirm(member);
    }
    if (!isAnswered) this.#parts.hellos.acknowledge(now, member, packet.nonce, greeting.endpoint);
  }

  /** The address has proved itself, so its greeting goes on, whatever came from there, until both sides are through. */
  #admit(now: Instant, greeting: Greeting, packet: HelloPacket): Member | undefined {
    const member = this.#parts.roster.admit(
      now,
      {
        id: packet.sender,
        endpoint: greeting.endpoint,
        advertised: packet.advertised,
        zone: packet.zone,
        client: packet.client,
        heartbeatMs: boundHeartbeat(packet.heartbeatMs),
        ourNonce: greeting.nonce,
        theirNonce: packet.nonce,
      },
      packet.highest,
    );
    if (member === undefined) return undefined;
    member.heardByGroupAt = greeting.heardByGroupAt;
    this.#context.greetings.open(now, greeting.endpoint, { reason: 'told', firstAt: now + RETRY_MS });
    return member;
  }

  /** A member answered at an address: the one known already, the one it has moved to, or a further one. */
  #proveAgain(member: Member, greeting: Greeting, packet: HelloPacket, arrival: Arrival): void {
    const { members } = this.#context;
    if (greeting.endpoint === member.endpoint) {
      member.theirNonce = packet.nonce;
    } else if (arrival.from === greeting.endpoint || member.state === 'suspect') {
      // It hears there and speaks from there.
      members.move(member, greeting.endpoint);
      member.ourNonce = greeting.nonce;
      member.theirNonce = packet.nonce;
    } else {
      members.alias(member, greeting.endpoint);
    }
  }

  /** A member, by the nonce it has always had. */
  #refresh(now: Instant, member: Member, packet: HelloPacket): void {
    member.theirNonce = packet.nonce;
    this.#learn(now, member, packet);
    if (packet.verified) this.#parts.roster.confirm(member);
    if (packet.kind === 'hello' || !packet.verified) {
      this.#parts.hellos.acknowledge(now, member, packet.nonce, member.endpoint);
    }
  }

  #learn(now: Instant, member: Member, packet: HelloPacket): void {
    member.heartbeatMs = boundHeartbeat(packet.heartbeatMs);
    member.advertised = packet.advertised;
    member.digest = packet.members;
    const stream = this.#context.streams.get(member.id);
    if (stream !== undefined) this.#parts.recovery.confirm(now, stream, packet.highest);
    this.#parts.roster.heard(now, member);
    if (packet.hearsGroup) this.#parts.reach.noteAnswer(now, member, true);
  }

  /** The greeting proves nothing yet. It is answered with a nonce of our own, in proportion to what came. */
  #answerUnproven(now: Instant, arrival: Arrival, packet: HelloPacket, length: number): void {
    const member = this.#context.members.get(packet.sender);
    if (member?.endpoint === arrival.from) {
      return this.#parts.hellos.acknowledge(now, member, packet.nonce, member.endpoint);
    }
    const greeting = this.#parts.strangers.note(now, arrival, length, now + this.#context.config.heartbeatMs);
    if (greeting === undefined) return;
    this.#parts.strangers.send(now, 'hello-ack', greeting, { echo: packet.nonce, verified: false });
  }
}

function boundHeartbeat(heartbeatMs: number): number {
  return Math.min(Math.max(heartbeatMs, SHORTEST_HEARTBEAT_MS), LONGEST_HEARTBEAT_MS);
}
