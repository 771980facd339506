import { type Attacker, type Attackers, type Captured, until } from './attacker.js';
import type { Address } from './wire.js';

/** Longer than any report is put off in so small a mesh. */
const SILENCE_MS = 200;

export interface Recorded {
  readonly bytes: Buffer;
  /** It went from the first to the second node. */
  readonly forth: boolean;
}

/**
 * An attacker between two nodes: each takes it for the address of the other. It reads, keeps back and plays again all
 * that they say to one another, from the very address at which it was first said.
 */
export class Relay {
  readonly recorded: Recorded[] = [];
  /** Whether what is heard is handed on. */
  passes: (one: Recorded) => boolean = () => true;
  #lastAt = 0;
  readonly #front: Attacker;
  readonly #back: Attacker;
  #first: Address | undefined;
  readonly #second: Address;

  private constructor(front: Attacker, back: Attacker, second: Address) {
    this.#front = front;
    this.#back = back;
    this.#second = second;
    front.onCapture(({ bytes, from }) => {
      this.#first = from;
      this.#hear({ bytes, forth: true });
    });
    back.onCapture(({ bytes }: Captured) => this.#hear({ bytes, forth: false }));
  }

  static async open(attackers: Attackers, second: Address): Promise<Relay> {
    return new Relay(await attackers.open(), await attackers.open(), second);
  }

  /** Where the first node meets the second. */
  get endpoint(): string {
    return this.#front.endpoint;
  }

  /** Speaks to the first node as the second does. */
  get front(): Attacker {
    return this.#front;
  }

  /** Speaks to the second node as the first does. */
  get back(): Attacker {
    return this.#back;
  }

  /** Resolves when neither has said anything for a moment: what was due has been said. */
  silence(): Promise<void> {
    return until(() => performance.now() - this.#lastAt > SILENCE_MS, 'the nodes fall silent');
  }

  hand({ bytes, forth }: Recorded): void {
    if (forth) this.#back.send(bytes, this.#second);
    else if (this.#first !== undefined) this.#front.send(bytes, this.#first);
  }

  #hear(one: Recorded): void {
    this.recorded.push(one);
    this.#lastAt = performance.now();
    if (this.passes(one)) this.hand(one);
  }
}
