import { type Instant, NEVER } from '../primitives/instant.js';
import { NO_NONCE } from '../primitives/nonce.js';
import { randomFraction } from '../primitives/random.js';
import { type Greeting, mayGreet } from '../membership/greeting-book.js';
import { GROUP_CONFIRMATION_HEARTBEATS, type Member } from '../membership/member.js';
import type { HelloPacket } from '../wire/packet.js';
import type { Arrival } from './arrival.js';
import { HelloSender } from './hello-sender.js';
import type { NodeContext } from './node-context.js';
import type { Roster } from './roster.js';

/** A greeting to the group is answered by about this many, however many hear it. */
const GROUP_ANSWERS = 8;
/** Answers to the group are spread over this time for each node, up to a bound, so that they do not arrive as one burst. */
const ANSWER_SPREAD_MS = 1;
const LONGEST_ANSWER_SPREAD_MS = 50;
/** A greeting to the group goes out at these times after the start. */
const GROUP_GREETINGS_MS = [0, 100, 300, 900] as const;
/** How often a member whose frames do not fit is greeted anew. */
const REGREET_MS = 1000;

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
export class Greeter {
  readonly #context: NodeContext;
  readonly #roster: Roster;
  readonly #hellos: HelloSender;
  readonly #groupGreetings: Instant[] = [];

  constructor(context: NodeContext, roster: Roster) {
    this.#context = context;
    this.#roster = roster;
    this.#hellos = new HelloSender(context);
  }

  start(now: Instant): void {
    if (!this.#context.config.multicast) return;
    for (const delay of GROUP_GREETINGS_MS) this.#groupGreetings.push(now + delay);
  }

  deadline(): Instant {
    return Math.min(this.#groupGreetings[0] ?? NEVER, this.#context.greetings.deadline());
  }

  handleTimeout(now: Instant): void {
    while ((this.#groupGreetings[0] ?? NEVER) <= now) {
      this.#groupGreetings.shift();
      this.#hellos.toGroup();
    }
    this.#context.greetings.due(now, this.#context.config.heartbeatMs, (greeting) => this.#greet(now, greeting));
  }

  handleHello(now: Instant, arrival: Arrival, packet: HelloPacket, length: number): void {
    if (packet.cluster !== this.#context.config.cluster) return this.#context.counters.drop('other-cluster');
    const member = this.#context.members.get(packet.sender);
    if (packet.toGroup) return this.#handleGroupHello(now, arrival, packet, length);
    const greeting = this.#context.greetings.echoed(packet.echo);
    if (greeting !== undefined) return this.#prove(now, greeting, packet);
    if (packet.echo === member?.ourNonce) return this.#refresh(now, member, packet);
    this.#answerUnproven(now, arrival, packet, length);
  }

  /** Something came from a node that has not proved its address: it is asked to. */
  handleStranger(now: Instant, arrival: Arrival, length: number): void {
    const greeting = this.#noteStranger(now, arrival, length, now);
    if (greeting?.attempts === 0) this.#context.greetings.schedule(greeting, now);
  }

  /** A member's frame did not carry this node's nonce: one of the two has forgotten the other. */
  regreet(now: Instant, member: Member): void {
    if (now < member.nextGreetingAt) return;
    member.nextGreetingAt = now + REGREET_MS;
    this.#hellos.send('hello', {
      endpoint: member.endpoint,
      nonce: member.ourNonce,
      echo: member.theirNonce,
      verified: true,
      hearsGroup: member.isHeardByGroup(now),
    });
  }

  #greet(now: Instant, greeting: Greeting): void {
    if (!mayGreet(greeting, this.#hellos.length)) return;
    const member = this.#context.members.at(greeting.endpoint);
    greeting.sentBytes += this.#hellos.length;
    this.#hellos.send('hello', {
      endpoint: greeting.endpoint,
      nonce: greeting.nonce,
      echo: member?.theirNonce ?? NO_NONCE,
      verified: member !== undefined,
      hearsGroup: this.#hears(now, greeting),
    });
  }

  #handleGroupHello(now: Instant, arrival: Arrival, packet: HelloPacket, length: number): void {
    const { members, config } = this.#context;
    const member = members.get(packet.sender);
    if (member !== undefined) {
      this.#roster.heard(now, member, arrival.viaGroup);
      if (member.confirmed) return;
    } else if (randomFraction(config.random) * (members.size + 1) >= GROUP_ANSWERS) {
      return;
    }
    const spread = Math.min(ANSWER_SPREAD_MS * members.size, LONGEST_ANSWER_SPREAD_MS);
    const at = now + randomFraction(config.random) * spread;
    const greeting = this.#noteStranger(now, arrival, length, at);
    if (greeting !== undefined && at < greeting.nextAt) this.#context.greetings.schedule(greeting, at);
  }

  /** Whoever answered hears at the address that this nonce was sent to. */
  #prove(now: Instant, greeting: Greeting, packet: HelloPacket): void {
    const { members, greetings } = this.#context;
    let member = members.get(packet.sender);
    const isNew = member === undefined;
    if (member === undefined) member = this.#admit(now, greeting, packet);
    else this.#proveAgain(now, member, greeting, packet);
    if (member === undefined) {
      greetings.close(greeting);
      return;
    }
    this.#roster.heard(now, member, false);
    if (packet.hearsGroup) this.#noteHearsGroup(now, member);
    if (isNew || !packet.verified || packet.kind === 'hello') {
      this.#hellos.acknowledge(now, member, packet.nonce, greeting.endpoint);
    }
    if (!packet.verified) return;
    greetings.close(greeting);
    this.#roster.confirm(member);
  }

  #admit(now: Instant, greeting: Greeting, packet: HelloPacket): Member | undefined {
    const member = this.#roster.admit(
      now,
      {
        id: packet.sender,
        endpoint: greeting.endpoint,
        advertised: packet.advertised,
        zone: packet.zone,
        client: packet.client,
        heartbeatMs: packet.heartbeatMs,
        ourNonce: greeting.nonce,
        theirNonce: packet.nonce,
      },
      packet.highest,
    );
    if (member === undefined) return undefined;
    member.heardByGroupAt = greeting.heardByGroupAt;
    member.digest = packet.members;
    return member;
  }

  /** A member answered at an address: the one known already, a further one, or the one it has moved to. */
  #proveAgain(now: Instant, member: Member, greeting: Greeting, packet: HelloPacket): void {
    if (greeting.endpoint === member.endpoint) {
      member.theirNonce = packet.nonce;
    } else if (member.state === 'suspect') {
      this.#context.members.move(member, greeting.endpoint);
      member.ourNonce = greeting.nonce;
      member.theirNonce = packet.nonce;
    } else {
      this.#context.members.alias(member, greeting.endpoint);
    }
    this.#learn(now, member, packet);
  }

  /** A member, by the nonce it has always had. */
  #refresh(now: Instant, member: Member, packet: HelloPacket): void {
    member.theirNonce = packet.nonce;
    this.#roster.heard(now, member, false);
    if (packet.hearsGroup) this.#noteHearsGroup(now, member);
    this.#learn(now, member, packet);
    if (packet.kind === 'hello' || !packet.verified) {
      this.#hellos.acknowledge(now, member, packet.nonce, member.endpoint);
    }
    if (packet.verified) this.#roster.confirm(member);
  }

  #learn(now: Instant, member: Member, packet: HelloPacket): void {
    member.heartbeatMs = packet.heartbeatMs;
    member.advertised = packet.advertised;
    member.digest = packet.members;
    this.#context.windows.get(member.id)?.confirmHighest(packet.highest);
    this.#roster.showedLife(now, member);
  }

  /** The greeting proves nothing yet. It is answered with a nonce of our own, in proportion to what came. */
  #answerUnproven(now: Instant, arrival: Arrival, packet: HelloPacket, length: number): void {
    const member = this.#context.members.get(packet.sender);
    if (member?.endpoint === arrival.from) {
      return this.#hellos.acknowledge(now, member, packet.nonce, member.endpoint);
    }
    const greeting = this.#noteStranger(now, arrival, length, now + this.#context.config.heartbeatMs);
    if (greeting === undefined || !mayGreet(greeting, this.#hellos.length)) return;
    greeting.sentBytes += this.#hellos.length;
    this.#hellos.send('hello-ack', {
      endpoint: greeting.endpoint,
      nonce: greeting.nonce,
      echo: packet.nonce,
      verified: false,
      hearsGroup: this.#hears(now, greeting),
    });
  }

  #noteStranger(now: Instant, arrival: Arrival, length: number, firstAt: Instant): Greeting | undefined {
    if (this.#context.isSelf(arrival.from)) return undefined;
    const member = this.#context.members.at(arrival.from);
    const nonce = member?.endpoint === arrival.from ? member.ourNonce : undefined;
    const greeting = this.#context.greetings.open(now, arrival.from, { reason: 'heard', firstAt, nonce });
    if (greeting === undefined) {
      this.#context.counters.drop('unverified-limit');
      return undefined;
    }
    greeting.receivedBytes += length;
    if (arrival.viaGroup) greeting.heardByGroupAt = now;
    return greeting;
  }

  #hears(now: Instant, greeting: Greeting): boolean {
    return now - greeting.heardByGroupAt <= GROUP_CONFIRMATION_HEARTBEATS * this.#context.config.heartbeatMs;
  }

  #noteHearsGroup(now: Instant, member: Member): void {
    member.hearsGroupUntil = now + GROUP_CONFIRMATION_HEARTBEATS * this.#context.config.heartbeatMs;
  }
}
