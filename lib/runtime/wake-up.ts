import { type Instant, NEVER } from '../primitives/instant.js';
import type { Clock, Timer } from './ports.js';

/** A timer that fires later than this did so because the process stood still. */
const LATE_MS = 50;
/** Turns to read what has piled up, at Node's 32 datagrams a socket and turn: a full buffer of 4 MiB, and then some. */
const TURNS_TO_CATCH_UP = 64;

/**
 * Calls back when the node's deadline has come. There is one timer, and it is left alone when the deadline moves away,
 * or there would be a new one for every datagram; it then fires early, once, and is set anew.
 *
 * After a stall, Node runs timers before it reads sockets. Whoever judged by the clock then would take all others for
 * silent while their datagrams lie in the socket's buffer, so a late timer waits for a turn in which nothing arrived.
 */
export class WakeUp {
  readonly #clock: Clock;
  readonly #wake: () => void;
  #deadline: Instant = NEVER;
  #timer: Timer | undefined;
  #timerAt: Instant = NEVER;
  #immediate: Timer | undefined;
  #turnsLeft = 0;
  #heard = false;

  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** The deadline is this now. What is not after `now` is due at the end of the turn. */
  set(deadline: Instant, now: Instant): void {
    this.#deadline = deadline;
    if (this.#immediate !== undefined) return;
    if (deadline <= now) this.#atEndOfTurn(0);
    else if (deadline < this.#timerAt) this.#arm();
  }

  /** A datagram arrived. */
  noteArrival(): void {
    this.#heard = true;
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#immediate?.cancel();
    this.#timer = this.#immediate = undefined;
    this.#timerAt = this.#deadline = NEVER;
  }

  #arm(): void {
    this.#timer?.cancel();
    this.#timerAt = this.#deadline;
    this.#timer = this.#clock.schedule(this.#deadline, () => this.#onTimer());
  }

  #onTimer(): void {
    const lateness = this.#clock.now() - this.#timerAt;
    this.#timer = undefined;
    this.#timerAt = NEVER;
    if (this.#immediate !== undefined) return;
    if (lateness > LATE_MS) this.#atEndOfTurn(TURNS_TO_CATCH_UP);
    else this.#wakeIfDue();
  }

  #atEndOfTurn(turns: number): void {
    this.#turnsLeft = turns;
    this.#heard = false;
    this.#immediate = this.#clock.scheduleImmediate(() => this.#onEndOfTurn());
  }

  #onEndOfTurn(): void {
    this.#immediate = undefined;
    if (this.#heard && this.#turnsLeft > 0) this.#atEndOfTurn(this.#turnsLeft - 1);
    else this.#wakeIfDue();
  }

  #wakeIfDue(): void {
    if (this.#deadline <= this.#clock.now()) this.#wake();
    else if (this.#deadline < this.#timerAt) this.#arm();
  }
}
