/** How far ahead of the highest sequence seen a packet may be, and how far behind it a late one is still told from a double. */
export const WINDOW_SIZE = 1024;

const WORD_BITS = 32;

/** `beyond`: so far ahead that one forged packet could claim it; nothing has moved. */
export type Sighting = 'new' | 'duplicate' | 'beyond';

/**
 * Tells the first sight of each sequence of one origin from its doubles, in any order of arrival, in constant memory:
 * a bitmap that slides under the highest sequence seen, as RFC 6479 does for IPsec.
 */
export class ReceiveWindow {
  readonly #seen = new Uint32Array(WINDOW_SIZE / WORD_BITS);
  /** Everything up to here counts as seen. */
  readonly #baseline: number;
  #highest: number;

  /** @param baseline the last sequence that lies before what this node is to hear */
  constructor(baseline: number) {
    this.#baseline = baseline;
    this.#highest = baseline;
  }

  get highest(): number {
    return this.#highest;
  }

  see(sequence: number): Sighting {
    if (sequence > this.#highest + WINDOW_SIZE) return 'beyond';
    if (sequence > this.#highest) {
      this.#slideTo(sequence);
      this.#mark(sequence);
      return 'new';
    }
    if (sequence <= this.#baseline || sequence <= this.#highest - WINDOW_SIZE) return 'duplicate';
    if (this.#isMarked(sequence)) return 'duplicate';
    this.#mark(sequence);
    return 'new';
  }

  /**
   * Takes the origin's own word, echoing this node's nonce, for the highest sequence it has used. Within the window the
   * packets themselves will say so; beyond it the window jumps, and what lay between stays unseen.
   */
  confirmHighest(highest: number): void {
    if (highest <= this.#highest + WINDOW_SIZE) return;
    this.#seen.fill(0);
    this.#highest = highest;
  }

  #slideTo(sequence: number): void {
    if (sequence - this.#highest >= WINDOW_SIZE) this.#seen.fill(0);
    else for (let next = this.#highest + 1; next <= sequence; next++) this.#clear(next);
    this.#highest = sequence;
  }

  #mark(sequence: number): void {
    const bit = sequence % WINDOW_SIZE;
    const word = Math.floor(bit / WORD_BITS);
    this.#seen[word] = (this.#seen[word] ?? 0) | (1 << (bit % WORD_BITS));
  }

  #clear(sequence: number): void {
    const bit = sequence % WINDOW_SIZE;
    const word = Math.floor(bit / WORD_BITS);
    this.#seen[word] = (this.#seen[word] ?? 0) & ~(1 << (bit % WORD_BITS));
  }

  #isMarked(sequence: number): boolean {
    const bit = sequence % WINDOW_SIZE;
    return (((this.#seen[Math.floor(bit / WORD_BITS)] ?? 0) >>> (bit % WORD_BITS)) & 1) === 1;
  }
}
