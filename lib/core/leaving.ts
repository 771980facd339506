import { type Instant, NEVER } from '../primitives/instant.js';
import type { NodeContext } from './node-context.js';

/** Goodbye is said at these times after the last event went out: a lost one costs the others 5 heartbeats. */
const GOODBYES_MS = [0, 10, 30] as const;
/** What the kernel has not taken by then is given up. */
const FLUSH_TIMEOUT_MS = 500;

/** How a node goes: what waits is sent, then every member is told, three times. */
export class Leaving {
  readonly #context: NodeContext;
  #state: 'staying' | 'flushing' | 'greeting' | 'gone' = 'staying';
  #nextAt: Instant = NEVER;
  #startedAt: Instant = NEVER;
  #said = 0;

  constructor(context: NodeContext) {
    this.#context = context;
  }

  get active(): boolean {
    return this.#state !== 'staying';
  }

  start(now: Instant): void {
    this.#state = 'flushing';
    this.#startedAt = now;
    this.#nextAt = now + FLUSH_TIMEOUT_MS;
  }

  /** What was waited for may have come to nothing while datagrams were handed out: then there is no reason to wait. */
  deadline(flushed: boolean): Instant {
    return this.#state === 'flushing' && flushed ? this.#startedAt : this.#nextAt;
  }

  /** Moves on as far as it can. `flushed`: nothing waits and nothing is with the kernel. Returns `true` once, at the end. */
  proceed(now: Instant, flushed: boolean): boolean {
    if (this.#state === 'flushing' && (flushed || now >= this.#nextAt)) {
      this.#state = 'greeting';
      this.#startedAt = now;
      this.#nextAt = now;
    }
    if (this.#state !== 'greeting') return false;
    while (now >= this.#nextAt && this.#said < GOODBYES_MS.length) {
      this.#sayGoodbye();
      this.#said++;
      this.#nextAt = this.#startedAt + (GOODBYES_MS[this.#said] ?? FLUSH_TIMEOUT_MS);
    }
    const isSaid = this.#said === GOODBYES_MS.length && (flushed || now >= this.#nextAt);
    if (!isSaid && this.#context.members.size > 0) return false;
    this.#state = 'gone';
    this.#nextAt = NEVER;
    return true;
  }

  #sayGoodbye(): void {
    for (const member of this.#context.members.values()) {
      this.#context.outbox.toOne(
        { kind: 'leave', ...this.#context.frameTo(member), highest: this.#context.highest },
        member.endpoint,
      );
    }
  }
}
