import type { Endpoint } from '../primitives/endpoint.js';
import { type Instant, NEVER } from '../primitives/instant.js';
import { NO_NONCE } from '../primitives/nonce.js';
import { randomFraction } from '../primitives/random.js';
import type { Greeting } from '../membership/greeting-book.js';
import type { Member } from '../membership/member.js';
import type { Arrival } from './arrival.js';
import type { HelloSender } from './hello-sender.js';
import type { NodeContext } from './node-context.js';
import type { Strangers } from './strangers.js';

/** A stranger that everyone hears is greeted by about this many, however many hear it. */
const GROUP_ANSWERS = 8;
/** Answers to the group are spread over this time for each node, up to a bound, so that they do not arrive as one burst. */
const ANSWER_SPREAD_MS = 1;
const LONGEST_ANSWER_SPREAD_MS = 50;
/** A greeting to the group goes out at these times after the start. */
const GROUP_GREETINGS_MS = [0, 100, 300, 900] as const;
/** How often a member whose frames do not fit is greeted anew. */
const REGREET_MS = 1000;

/** Whom to greet, and when. What comes of it is the handshake's. */
export class Greeter {
  readonly #context: NodeContext;
  readonly #hellos: HelloSender;
  readonly #strangers: Strangers;
  readonly #groupGreetings: Instant[] = [];

  constructor(context: NodeContext, hellos: HelloSender, strangers: Strangers) {
    this.#context = context;
    this.#hellos = hellos;
    this.#strangers = strangers;
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

  /** A greeting to the group came from a node that has not proved its address. */
  handleGroupHello(now: Instant, arrival: Arrival, length: number): void {
    if (!this.#isChosen()) return;
    const spread = Math.min(ANSWER_SPREAD_MS * this.#context.members.size, LONGEST_ANSWER_SPREAD_MS);
    this.#greetSource(now, arrival, length, now + randomFraction(this.#context.config.random) * spread);
  }

  /** Something else came from a node that has not proved its address: it is asked to. */
  handleStranger(now: Instant, arrival: Arrival, length: number): void {
    if (!arrival.viaGroup || this.#isChosen()) this.#greetSource(now, arrival, length, now);
  }

  /** A member's frame did not carry this node's nonce: one of the two has forgotten the other. */
  regreet(now: Instant, member: Member): void {
    if (now < member.nextGreetingAt) return;
    member.nextGreetingAt = now + REGREET_MS;
    this.#greetMember(now, member);
  }

  /** This node's address has changed: members hear so from the new one. */
  announce(now: Instant): void {
    for (const member of this.#context.members.values()) this.#greetMember(now, member);
  }

  #greetMember(now: Instant, member: Member): void {
    this.#hellos.send('hello', {
      endpoint: member.endpoint,
      nonce: member.ourNonce,
      echo: member.theirNonce,
      verified: true,
      hearsGroup: member.isHeardByGroup(now),
    });
  }

  /** What everyone hears is answered by some only, or one datagram would draw as many as there are nodes. */
  #isChosen(): boolean {
    return randomFraction(this.#context.config.random) * (this.#context.members.size + 1) < GROUP_ANSWERS;
  }

  #greetSource(now: Instant, arrival: Arrival, length: number, at: Instant): void {
    const greeting = this.#strangers.note(now, arrival, length, at);
    if (greeting?.attempts === 0 && at < greeting.nextAt) this.#context.greetings.schedule(greeting, at);
  }

  #greet(now: Instant, greeting: Greeting): void {
    const member = this.#memberAt(greeting.endpoint);
    this.#strangers.send(now, 'hello', greeting, {
      echo: member?.theirNonce ?? NO_NONCE,
      verified: member !== undefined,
    });
  }

  /** At an address that it no longer lives at a member could not be told from whoever lives there now. */
  #memberAt(endpoint: Endpoint): Member | undefined {
    const member = this.#context.members.at(endpoint);
    return member?.endpoint === endpoint ? member : undefined;
  }
}
