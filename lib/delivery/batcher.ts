import { type Instant, NEVER } from '../primitives/instant.js';
import { BucketSet } from '../primitives/bucket-set.js';
import { BareKeys } from './bare-keys.js';
import { addAll, addTo, type CoarseEvent, isCoarsenable } from './coarse-event.js';
import { isBare, loadOf } from './pending-event.js';
import type { BucketsEvent, OutgoingEvent, PendingEvent, Publication } from './pending-event.js';

export interface BatcherOptions {
  readonly intervalMs: number;
  readonly size: number;
  /** How many events may wait, fragments counted apart. */
  readonly capacity: number;
}

/** Measured on Node 20: one send to one address costs about 10 µs of CPU. */
const SEND_COST_MS = 0.01;
/** A fan-out may take a fifth of a core: after a flush, four times its cost pass idle. */
const COST_SPREAD = 5;
/** A pause shorter than this is not worth a timer. */
const SHORTEST_PAUSE_MS = 1;
/** What has been passed is cut off the queue when it is this much and more than half of it. */
const PASSED_KEPT = 1024;

/**
 * What waits to be sent, and until when it may wait.
 *
 * An idle bus sends at once. While earlier sends are under way, or a large fan-out is being paid for, events collect
 * until those are done, until `size` of them wait, or until `intervalMs` has passed. So a slow stream is never delayed,
 * and a burst packs datagrams full. (The original ticks instead, which adds half an interval to every publish.)
 *
 * A bare key that waits already is not queued twice. It leaves the queue before its bytes are laid out, so that a write
 * announced later is always sent again. (The original clears its set after the send and loses 905 of 20,000.)
 */
export class Batcher {
  readonly #options: BatcherOptions;
  readonly #bare = new BareKeys();
  /** In order of publication. Those before `#head` are gone; withdrawn ones stay until they are passed. */
  #queue: PendingEvent[] = [];
  #head = 0;
  #waiting = 0;
  #load = 0;
  /** The event that names buckets, while nothing waits behind it that it could stand for too. */
  #gathered: CoarseEvent | undefined;
  #firstWaitingAt: Instant = NEVER;
  #notBefore: Instant = 0;
  #flushing = false;
  #held = true;
  /** The flush that the next publication joins. */
  #ticket = 1;
  #reported = 0;
  /** Datagrams with the kernel, by id, and the oldest ticket in each. */
  readonly #inFlight = new Map<number, number>();

  constructor(options: BatcherOptions) {
    this.#options = options;
  }

  /** How many events wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** How much of the capacity they take: an event in fragments counts for each. */
  get load(): number {
    return this.#load;
  }

  /** How many datagrams the kernel has not yet taken. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Queues all events, or none of them: `undefined` when they would exceed the capacity. */
  add(now: Instant, events: readonly OutgoingEvent[]): Publication | undefined {
    if (!this.#fits(events)) return undefined;
    const pending: PendingEvent[] = [];
    let ticket = 0;
    for (const event of events) {
      const entry = this.#enqueue(event);
      pending.push(entry);
      if (entry.ticket > ticket) ticket = entry.ticket;
    }
    if (this.#waiting > 0 && this.#firstWaitingAt === NEVER) this.#firstWaitingAt = now;
    return { ticket, pending };
  }

  /**
   * For what would exceed the capacity: all bare keys that wait, and these, become one event that names their buckets,
   * and patterns make it name all. `undefined`, and nothing is changed, when there are data that would be lost.
   */
  addCoarsely(now: Instant, events: readonly OutgoingEvent[]): Publication | undefined {
    if (!events.every(isCoarsenable)) return undefined;
    const entry = this.#gathered?.waiting === true ? this.#gathered : this.#gatherCoarse();
    for (const event of events) addTo(entry.event, event);
    if (this.#firstWaitingAt === NEVER) this.#firstWaitingAt = now;
    return { ticket: entry.ticket, pending: [] };
  }

  /**
   * There is no time to send what waits: one event names the buckets of all of it. Data stay behind it, unsent, so that who
   * published them is not told otherwise.
   */
  closeOff(): void {
    if (this.#waiting === 0) return;
    addAll(this.#gatherCoarse().event, this.#queue);
    this.#flushing = true;
  }

  /** Takes back what still waits and nobody else has published too. */
  withdraw(publication: Publication): void {
    for (const entry of publication.pending) {
      if (entry.waiting && --entry.claims === 0) this.#forget(entry);
    }
    if (this.#waiting === 0) this.#stopFlush();
  }

  /** Lets events go out from now on; until then they only collect. */
  release(): void {
    this.#held = false;
  }

  /** When the next flush is due. */
  deadline(): Instant {
    if (this.#held || this.#flushing || this.#waiting === 0) return NEVER;
    if (this.#waiting >= this.#options.size) return this.#firstWaitingAt;
    const longest = this.#firstWaitingAt + this.#options.intervalMs;
    if (this.#inFlight.size > 0) return longest;
    return Math.min(longest, Math.max(this.#firstWaitingAt, this.#notBefore));
  }

  /** The oldest event that waits: the one that names buckets, if there is one. */
  oldest(): PendingEvent | undefined {
    while (this.#queue[this.#head]?.waiting === false) this.#head++;
    return this.#queue[this.#head];
  }

  /** Opens the queue for {@link head} until it is empty. */
  startFlush(): void {
    if (this.#waiting > 0) this.#flushing = true;
  }

  /** The event to send next, while a flush is on. */
  head(): PendingEvent | undefined {
    return this.#flushing ? this.oldest() : undefined;
  }

  /** Forgets the head, or another that was it: from here on the same key is a new event. */
  take(entry: PendingEvent): void {
    if (this.#queue[this.#head] === entry) this.#head++;
    this.#forget(entry);
    // Who publishes from here on waits for a flush of its own: under load without end this one would never be over.
    if (entry.ticket === this.#ticket) this.#ticket++;
    if (this.#waiting === 0) this.#stopFlush();
    else if (this.#head > PASSED_KEPT && this.#head * 2 > this.#queue.length) this.#cutPassed();
  }

  /** A datagram was handed out. `ticket` is that of its first event. */
  sent(now: Instant, id: number, ticket: number, destinations: number): void {
    this.#inFlight.set(id, ticket);
    const pause = destinations * SEND_COST_MS * COST_SPREAD;
    if (pause >= SHORTEST_PAUSE_MS) this.#notBefore = Math.max(this.#notBefore, now) + pause;
  }

  /** The kernel has taken or refused the datagram. `false`: it was none of this queue's. */
  settled(id: number): boolean {
    return this.#inFlight.delete(id);
  }

  /** The newest ticket of which nothing waits and nothing is in flight, once for each that is new. */
  takeFlushed(): number | undefined {
    let oldest = this.oldest()?.ticket ?? this.#ticket;
    for (const ticket of this.#inFlight.values()) oldest = Math.min(oldest, ticket);
    if (oldest - 1 <= this.#reported) return undefined;
    this.#reported = oldest - 1;
    return this.#reported;
  }

  /** Whether there is room. What is looked at closely is seldom: when there might be none. */
  #fits(events: readonly OutgoingEvent[]): boolean {
    const room = this.#options.capacity - this.#load;
    let load = 0;
    for (const event of events) load += loadOf(event);
    return load <= room || this.#bare.loadOf(events) <= room;
  }

  /** Puts the event that names buckets at the head of the queue, in the place of all that it stands for. */
  #gatherCoarse(): CoarseEvent {
    const rest: PendingEvent[] = [];
    let event: BucketsEvent = { kind: 'buckets', buckets: new BucketSet() };
    let ticket = this.#ticket;
    for (let index = this.#head; index < this.#queue.length; index++) {
      const entry = this.#queue[index]!;
      if (!entry.waiting) continue;
      // It goes ahead of older ones, and tickets in the queue must not fall: they tell what is behind.
      ticket = Math.min(ticket, entry.ticket);
      if (entry.event.kind !== 'buckets' && !isCoarsenable(entry.event)) {
        rest.push(entry);
        continue;
      }
      if (entry.event.kind === 'buckets') event = entry.event;
      else addTo(event, entry.event);
      this.#forget(entry);
    }
    const coarse: CoarseEvent = { event, ticket, claims: 1, waiting: true };
    this.#gathered = coarse;
    this.#queue = [coarse, ...rest];
    this.#head = 0;
    this.#waiting++;
    this.#load++;
    return coarse;
  }

  #enqueue(event: OutgoingEvent): PendingEvent {
    const bare = isBare(event);
    const known = bare ? this.#bare.find(event.key) : undefined;
    if (known !== undefined) {
      known.claims++;
      return known;
    }
    const entry: PendingEvent = { event, ticket: this.#ticket, claims: 1, waiting: true };
    this.#queue.push(entry);
    this.#waiting++;
    this.#load += loadOf(event);
    if (isCoarsenable(event)) this.#gathered = undefined;
    if (bare) this.#bare.add(event.key, entry);
    return entry;
  }

  #forget(entry: PendingEvent): void {
    entry.waiting = false;
    this.#waiting--;
    this.#load -= loadOf(entry.event);
  }

  #cutPassed(): void {
    this.#queue = this.#queue.slice(this.#head);
    this.#head = 0;
    this.#bare.keepOnly(this.#queue);
  }

  #stopFlush(): void {
    this.#ticket++;
    this.#flushing = false;
    this.#firstWaitingAt = NEVER;
    this.#queue = [];
    this.#head = 0;
    this.#bare.keepOnly(this.#queue);
  }
}
