import type { Endpoint } from '../primitives/endpoint.js';
import { type Instant, NEVER } from '../primitives/instant.js';
import { type Nonce, randomNonce } from '../primitives/nonce.js';
import type { Random } from '../primitives/random.js';

/**
 * Why an address is greeted. `seed`: the user named it. `told`: a verified member did. `old`: a member lived there once.
 * `heard`: a datagram came from it, which anyone can forge.
 */
export type GreetingReason = 'seed' | 'told' | 'old' | 'heard';

/** An address that has not yet shown, by echoing its nonce, that whoever hears there wants to hear. */
export interface Greeting {
  readonly endpoint: Endpoint;
  readonly nonce: Nonce;
  reason: GreetingReason;
  attempts: number;
  nextAt: Instant;
  readonly since: Instant;
  receivedBytes: number;
  sentBytes: number;
  /** A datagram from it came through the group. */
  heardByGroupAt: Instant;
}

export interface GreetingTerms {
  readonly reason: GreetingReason;
  readonly firstAt: Instant;
  readonly nonce?: Nonce | undefined;
}

/** A greeting is repeated after these pauses, then with each heartbeat. */
const PAUSES_MS = [100, 200, 600, 1200, 2400] as const;
/** How often an address is greeted that somebody told of, or that was heard, before it is forgotten. */
const ATTEMPTS_TOLD = 8;
const ATTEMPTS_HEARD = 4;
const ATTEMPTS_OLD = 2;
/** To an address that proved nothing goes at most this multiple of what came from it (RFC 9000 § 8). */
export const AMPLIFICATION_LIMIT = 3;

/**
 * The addresses to greet, with the nonce that each must echo: it goes to that address only, so an echo proves that the
 * address is heard by whoever answers. Bounded, as strangers can make entries: seeds always have room.
 */
export class GreetingBook {
  readonly #random: Random;
  readonly #limit: number;
  readonly #byEndpoint = new Map<Endpoint, Greeting>();
  readonly #byNonce = new Map<Nonce, Greeting>();
  /** Those that nobody vouches for, the oldest first. */
  readonly #heard = new Set<Greeting>();
  /** Not later than the earliest `nextAt`. */
  #earliest: Instant = NEVER;

  constructor(random: Random, limit: number) {
    this.#random = random;
    this.#limit = limit;
  }

  get size(): number {
    return this.#byEndpoint.size;
  }

  at(endpoint: Endpoint): Greeting | undefined {
    return this.#byEndpoint.get(endpoint);
  }

  /** Whose nonce this is: whoever echoes it hears at that greeting's address. */
  echoed(nonce: Nonce): Greeting | undefined {
    return this.#byNonce.get(nonce);
  }

  /**
   * The greeting for the address, made if there is none; a better reason replaces a worse one. `undefined` when the
   * table is full.
   *
   * @param terms.nonce the one that whoever lives there has been given already
   */
  open(now: Instant, endpoint: Endpoint, terms: GreetingTerms): Greeting | undefined {
    const { reason, firstAt } = terms;
    const known = this.#byEndpoint.get(endpoint);
    if (known !== undefined) {
      if (RANK[reason] > RANK[known.reason]) {
        known.reason = reason;
        this.#heard.delete(known);
        this.schedule(known, Math.min(known.nextAt, firstAt));
      }
      return known;
    }
    if (this.#byEndpoint.size >= this.#limit && !this.#makeRoom() && reason !== 'seed') return undefined;
    const nonce = terms.nonce ?? randomNonce(this.#random);
    const greeting: Greeting = {
      endpoint,
      nonce,
      reason,
      attempts: 0,
      nextAt: NEVER,
      since: now,
      receivedBytes: 0,
      sentBytes: 0,
      heardByGroupAt: -NEVER,
    };
    this.#byEndpoint.set(endpoint, greeting);
    this.#byNonce.set(nonce, greeting);
    if (reason === 'heard') this.#heard.add(greeting);
    this.schedule(greeting, firstAt);
    return greeting;
  }

  close(greeting: Greeting): void {
    this.#byEndpoint.delete(greeting.endpoint);
    this.#byNonce.delete(greeting.nonce);
    this.#heard.delete(greeting);
  }

  /** Forgets seeds that the user's seeds do not stand for any more. */
  keepSeeds(seeds: ReadonlySet<Endpoint>): void {
    for (const greeting of this.#byEndpoint.values()) {
      if (greeting.reason === 'seed' && !seeds.has(greeting.endpoint)) this.close(greeting);
    }
  }

  schedule(greeting: Greeting, at: Instant): void {
    greeting.nextAt = at;
    if (at < this.#earliest) this.#earliest = at;
  }

  /** Not later than the next greeting that is due. */
  deadline(): Instant {
    return this.#byEndpoint.size === 0 ? NEVER : this.#earliest;
  }

  /** Whether an address that users or members named has yet to answer its first greetings. */
  isWaiting(): boolean {
    for (const greeting of this.#byEndpoint.values()) {
      if (greeting.reason === 'seed' || greeting.reason === 'told') return true;
    }
    return false;
  }

  /** Calls `greet` for all that are due, and forgets those that were greeted often enough. */
  due(now: Instant, heartbeatMs: number, greet: (greeting: Greeting) => void): void {
    if (now < this.#earliest) return;
    this.#earliest = NEVER;
    for (const greeting of this.#byEndpoint.values()) {
      if (greeting.nextAt > now) {
        if (greeting.nextAt < this.#earliest) this.#earliest = greeting.nextAt;
      } else if (greeting.attempts >= ATTEMPTS[greeting.reason]) {
        this.close(greeting);
      } else {
        greeting.attempts++;
        greet(greeting);
        this.schedule(greeting, now + (PAUSES_MS[greeting.attempts - 1] ?? heartbeatMs));
      }
    }
  }

  /**
   * The oldest stranger gives way: in a flood of forged ones each entry lives for a moment only, which is enough for a
   * real node to answer, where a table that stays full would shut it out.
   */
  #makeRoom(): boolean {
    for (const greeting of this.#heard) {
      this.close(greeting);
      return true;
    }
    return false;
  }
}

const RANK: Record<GreetingReason, number> = { heard: 0, old: 1, told: 2, seed: 3 };

const ATTEMPTS: Record<GreetingReason, number> = {
  seed: Number.POSITIVE_INFINITY,
  told: ATTEMPTS_TOLD,
  old: ATTEMPTS_OLD,
  heard: ATTEMPTS_HEARD,
};

/** Whether `bytes` more may go to the address before it has proved itself. */
export function mayGreet(greeting: Greeting, bytes: number): boolean {
  return greeting.reason !== 'heard' || greeting.sentBytes + bytes <= AMPLIFICATION_LIMIT * greeting.receivedBytes;
}
