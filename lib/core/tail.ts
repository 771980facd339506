import { type Instant, NEVER } from '../primitives/instant.js';
import { NO_NONCE } from '../primitives/nonce.js';
import type { NodeContext } from './node-context.js';
import type { Repairer } from './repairer.js';

/** If nothing newer went out by then, the last datagram is repeated. In simulation that makes questions ten times rarer. */
const REPEAT_MS = 25;
/** Then everyone is told how far this node has come, for those who missed both. */
const BEACONS_MS = [50, 100, 200, 400] as const;
/** Where beacons cost a datagram for each peer, there are fewer of them: of so many peers on, the last one only. */
const MANY_PEERS = 64;

/** What follows the last of a row of datagrams, since no later one shows that it was lost. */
export class Tail {
  readonly #context: NodeContext;
  readonly #repairer: Repairer;
  #sentAt: Instant = NEVER;
  #step = 0;
  #nextAt: Instant = NEVER;

  constructor(context: NodeContext, repairer: Repairer) {
    this.#context = context;
    this.#repairer = repairer;
  }

  deadline(): Instant {
    return this.#nextAt;
  }

  /** A datagram with events was handed out. */
  sent(now: Instant): void {
    this.#sentAt = now;
    this.#step = 0;
    this.#nextAt = now + REPEAT_MS;
  }

  stop(): void {
    this.#nextAt = NEVER;
  }

  handleTimeout(now: Instant): void {
    if (now < this.#nextAt) return;
    if (this.#step === 0) this.#repairer.repeatToAll(now, this.#context.highest);
    else this.#beacon(now);
    const isLong = this.#context.unicastMembers(now).length >= MANY_PEERS;
    this.#step = isLong && this.#step === 0 ? BEACONS_MS.length : this.#step + 1;
    const pause = BEACONS_MS[this.#step - 1];
    this.#nextAt = pause === undefined ? NEVER : this.#sentAt + pause;
  }

  #beacon(now: Instant): void {
    const { config, clusterTag, highest, floor, outbox } = this.#context;
    const frame = { sender: config.id, clusterTag, nonce: NO_NONCE, token: 0 };
    outbox.toMany(
      { kind: 'beacon', ...frame, about: config.id, highest, floor },
      config.multicast,
      this.#context.unicastMembers(now),
    );
  }
}
