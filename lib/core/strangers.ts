import type { Instant } from '../primitives/instant.js';
import { type Greeting, mayGreet } from '../membership/greeting-book.js';
import { isHeardByGroup } from '../membership/member.js';
import type { Arrival } from './arrival.js';
import type { Addressee, HelloSender } from './hello-sender.js';
import type { NodeContext } from './node-context.js';

/**
 * Addresses that datagrams came from and that have proved nothing. Anyone can write any source address on a datagram,
 * so to such an address goes three times of what came from it, at most (RFC 9000 § 8.1).
 */
export class Strangers {
  readonly #context: NodeContext;
  readonly #hellos: HelloSender;

  constructor(context: NodeContext, hellos: HelloSender) {
    this.#context = context;
    this.#hellos = hellos;
  }

  /** Puts the source on the list of those to greet, at `firstAt` if it is new there. */
  note(now: Instant, arrival: Arrival, length: number, firstAt: Instant): Greeting | undefined {
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

  /** Sends a greeting, unless that would be more than the address may get. */
  send(now: Instant, kind: 'hello' | 'hello-ack', greeting: Greeting, to: Pick<Addressee, 'echo' | 'verified'>): void {
    if (!mayGreet(greeting, this.#hellos.length)) return;
    greeting.sentBytes += this.#hellos.length;
    this.#hellos.send(kind, {
      endpoint: greeting.endpoint,
      nonce: greeting.nonce,
      echo: to.echo,
      verified: to.verified,
      hearsGroup: isHeardByGroup(now, greeting.heardByGroupAt, this.#context.config.heartbeatMs),
    });
  }
}
