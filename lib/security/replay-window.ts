/** How far behind the highest counter others may still come: more than any network reorders. */
export const REPLAY_WINDOW = 2048;

const WORD_BITS = 32;
/** One word more than the window has bits for, so that the word at its far end need not be cleared bit by bit. */
const WORDS = REPLAY_WINDOW / WORD_BITS + 1;

/** Which counters of one sender have been seen: a bitmap that is a ring of words (RFC 6479), 260 bytes. */
export class ReplayWindow {
  readonly #words = new Uint32Array(WORDS);
  #highest: number;

  private constructor(highest: number) {
    this.#highest = highest;
  }

  /** A window to which `counter` and all before it count as seen. */
  static startingAt(counter: number): ReplayWindow {
    const window = new ReplayWindow(counter);
    window.#words.fill(0xffff_ffff);
    window.#words[wordOf(counter)] = 0xffff_ffff >>> (WORD_BITS - 1 - (counter % WORD_BITS));
    return window;
  }

  /** Whether `accept` would say `replayed`; nothing is noted. For a look before the cost of opening. */
  hasSeen(counter: number): boolean {
    if (counter > this.#highest) return false;
    return counter <= this.#highest - REPLAY_WINDOW || (this.#words[wordOf(counter)]! & bitOf(counter)) !== 0;
  }

  /** Notes the counter of something that has been opened. What is older than the window counts as seen. */
  accept(counter: number): 'fresh' | 'replayed' {
    if (this.hasSeen(counter)) return 'replayed';
    if (counter > this.#highest) this.#advance(counter);
    this.#words[wordOf(counter)]! |= bitOf(counter);
    return 'fresh';
  }

  /** Empties the words that the window comes to. */
  #advance(counter: number): void {
    const first = Math.floor(this.#highest / WORD_BITS) + 1;
    const last = Math.floor(counter / WORD_BITS);
    for (let word = Math.max(first, last - WORDS + 1); word <= last; word++) this.#words[word % WORDS] = 0;
    this.#highest = counter;
  }
}

/** Counters have up to 48 bits, and bit operators of the language 32. */
function wordOf(counter: number): number {
  return Math.floor(counter / WORD_BITS) % WORDS;
}

function bitOf(counter: number): number {
  return 1 << (counter % WORD_BITS);
}
