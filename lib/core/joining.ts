import { type Instant, NEVER } from '../primitives/instant.js';
import type { NodeContext } from './node-context.js';
import type { PeerExchange } from './peer-exchange.js';

/** Without seeds a node waits this long for anyone; with anyone found, this long for all that those know. */
const COMPANY_WAIT_MS = 300;

/** When a node has met those whom it was to meet, or has waited for them long enough. */
export class Joining {
  readonly #context: NodeContext;
  readonly #exchange: PeerExchange;
  #endsAt: Instant = NEVER;
  #startedAt: Instant = NEVER;
  #met = false;
  #active = false;

  constructor(context: NodeContext, exchange: PeerExchange) {
    this.#context = context;
    this.#exchange = exchange;
  }

  get active(): boolean {
    return this.#active;
  }

  start(now: Instant): void {
    const { hasSeeds, startTimeoutMs } = this.#context.config;
    this.#active = true;
    this.#startedAt = now;
    this.#endsAt = now + (hasSeeds ? startTimeoutMs : Math.min(COMPANY_WAIT_MS, startTimeoutMs));
  }

  stop(): void {
    this.#active = false;
  }

  deadline(): Instant {
    return this.#active ? this.#endsAt : NEVER;
  }

  /** Whether the node became ready with this. */
  finish(now: Instant): boolean {
    if (!this.#active) return false;
    if (!this.#met && this.#context.members.confirmedCount > 0) {
      this.#met = true;
      this.#endsAt = Math.min(this.#endsAt, now + COMPANY_WAIT_MS);
    } else if (this.#isOwnSeed()) {
      this.#endsAt = Math.min(this.#endsAt, this.#startedAt + COMPANY_WAIT_MS);
    }
    const settled = this.#met && !this.#context.greetings.isWaiting() && !this.#exchange.isWaiting(now);
    if (!settled && now < this.#endsAt) return false;
    this.#active = false;
    return true;
  }

  /** Whether the seeds are this node alone, as the first replica of a service finds them: then there is nobody to wait for. */
  #isOwnSeed(): boolean {
    const { seeds } = this.#context;
    if (seeds.size === 0) return false;
    for (const seed of seeds) if (!this.#context.isSelf(seed)) return false;
    return true;
  }
}
