/** How far ahead of the highest sequence a datagram may be, and how far behind it a late one is still told from a double. */
export const WINDOW_SIZE = 1024;

const WORD_BITS = 32;

/**
 * `new` is above all that was seen, `late` fills a hole, `duplicate` was seen or is too old to tell; `beyond` is so far ahead
 * that one forged packet could claim it: nothing has moved.
 */
export type Sighting = 'new' | 'late' | 'duplicate' | 'beyond';

/** From the first to the last, both included. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** What a window held at one time: see {@link ReceiveWindow.retract}. */
export interface WindowSnapshot {
  readonly seen: Uint32Array;
  readonly top: number;
}

/**
 * Which sequences of one origin have come, in any order of arrival and in constant memory: a bitmap that slides under
 * the highest sequence, as RFC 6479 does for IPsec. Holes that it slides over join one lost range, which stays open
 * until it is closed: nothing is ever forgotten to be missing.
 */
export class ReceiveWindow {
  readonly #seen = new Uint32Array(WINDOW_SIZE / WORD_BITS);
  /** Up to here nothing is told apart: it lies before what is to be heard, or the bits for it have been used again. */
  #baseline: number;
  #top: number;
  /** Everything in the window below this is seen or made up for. */
  #next: number;
  #lost: Range | undefined;

  /** @param baseline the last sequence that lies before what this node is to hear */
  constructor(baseline: number) {
    this.#baseline = baseline;
    this.#top = baseline;
    this.#next = baseline + 1;
  }

  /** The highest sequence that was seen or that the origin has vouched for. */
  get top(): number {
    return this.#top;
  }

  /** Up to here all was seen or made up for. */
  get contiguous(): number {
    return (this.#lost?.from ?? this.#next) - 1;
  }

  /** What fell out of the window unseen, as one range around all of it. */
  get lost(): Range | undefined {
    return this.#lost;
  }

  /** Whether nothing up to `top` is missing. */
  get whole(): boolean {
    return this.#lost === undefined && this.#next > this.#top;
  }

  see(sequence: number): Sighting {
    if (sequence > this.#top + WINDOW_SIZE) return 'beyond';
    if (sequence > this.#top) {
      const inOrder = sequence === this.#next;
      this.#slideTo(sequence);
      this.#mark(sequence);
      if (inOrder) this.#next = sequence + 1;
      return 'new';
    }
    if (sequence <= this.#baseline || sequence <= this.#top - WINDOW_SIZE || this.#isMarked(sequence))
      return 'duplicate';
    this.#mark(sequence);
    this.#advance();
    return 'late';
  }

  /** The origin itself has vouched for all up to here: what was not seen of it is missing. */
  extendTo(top: number): void {
    if (top > this.#top) this.#slideTo(top);
  }

  /** What is missing up to here joins what has fallen out of the window. */
  loseTo(upTo: number): void {
    this.extendTo(upTo);
    if (this.#next > upTo) return;
    this.#lost = { from: this.#lost?.from ?? this.#next, to: upTo };
    this.#next = upTo + 1;
    this.#advance();
  }

  /** The missing sequences between two, up to `limit` ranges; what is above `top` counts as missing. */
  missing(from: number, to: number, limit = Number.POSITIVE_INFINITY): Range[] {
    const ranges: Range[] = [];
    let start = 0;
    for (let sequence = Math.max(from, this.#next); sequence <= to; sequence++) {
      if (sequence > this.#top) {
        ranges.push({ from: start || sequence, to });
        return ranges;
      }
      if (!this.#isMarked(sequence)) start ||= sequence;
      else if (start !== 0) {
        ranges.push({ from: start, to: sequence - 1 });
        start = 0;
        if (ranges.length >= limit) return ranges;
      }
    }
    if (start !== 0) ranges.push({ from: start, to });
    return ranges;
  }

  /** What is missing between the two has been made up for: it is not missed any more, and welcome if it comes. */
  close(from: number, upTo: number): void {
    this.#closeLost(from, upTo);
    if (upTo > this.#top) this.#slideTo(upTo, from);
    if (from <= this.#next) {
      this.#next = Math.max(this.#next, upTo + 1);
      return this.#advance();
    }
    for (let sequence = Math.max(from, this.#next); sequence <= upTo; sequence++) this.#mark(sequence);
  }

  snapshot(): WindowSnapshot {
    return { seen: this.#seen.slice(), top: this.#top };
  }

  /**
   * The origin, asked after the snapshot was taken, has not come further than `highest`: what the snapshot holds above
   * that was forged, and the true datagrams of those numbers are yet to come. What came since stays seen.
   */
  retract(highest: number, { seen, top }: WindowSnapshot): void {
    const bottom = Math.max(top, this.#top) - WINDOW_SIZE;
    this.#baseline = Math.max(this.#baseline, Math.min(highest, bottom));
    for (let sequence = Math.max(highest, bottom) + 1; sequence <= top; sequence++) {
      if (isSet(seen, sequence)) this.#clear(sequence);
    }
    let highestSeen = this.#top;
    while (highestSeen > highest && !this.#isMarked(highestSeen)) highestSeen--;
    this.#top = Math.max(highest, highestSeen);
    if (this.#lost !== undefined) {
      const { from, to } = this.#lost;
      this.#lost = from > highest ? undefined : { from, to: Math.min(to, highest) };
    }
    this.#next = Math.min(this.#next, highest + 1);
    this.#loseBelow(this.#top - WINDOW_SIZE);
    this.#advance();
  }

  /** After a step back: what the bitmap can not tell apart any more is lost, as more that was forged has come since. */
  #loseBelow(bottom: number): void {
    if (this.#next > bottom) return;
    this.#lost = { from: this.#lost?.from ?? this.#next, to: bottom };
    this.#next = bottom + 1;
  }

  /** @param closedFrom from here on, what is slid over is not missing */
  #slideTo(top: number, closedFrom = Number.POSITIVE_INFINITY): void {
    const bottom = top - WINDOW_SIZE;
    if (this.#next <= bottom) this.#lose(bottom, closedFrom);
    if (top - this.#top >= WINDOW_SIZE) this.#seen.fill(0);
    else for (let sequence = this.#top + 1; sequence <= top; sequence++) this.#clear(sequence);
    this.#top = top;
    this.#advance();
  }

  /** The window is about to leave everything up to `bottom` behind. */
  #lose(bottom: number, closedFrom: number): void {
    const last = Math.min(bottom, closedFrom - 1);
    const holes = this.missing(this.#next, last);
    const first = holes[0];
    const final = holes.at(-1);
    if (first !== undefined && final !== undefined) {
      this.#lost = { from: this.#lost?.from ?? first.from, to: final.to };
    }
    this.#next = bottom + 1;
  }

  #closeLost(from: number, upTo: number): void {
    if (this.#lost === undefined) return;
    const { from: first, to: last } = this.#lost;
    if (from <= first && upTo >= last) this.#lost = undefined;
    else if (from <= first && upTo >= first) this.#lost = { from: upTo + 1, to: last };
    else if (from <= last && upTo >= last) this.#lost = { from: first, to: from - 1 };
  }

  #advance(): void {
    while (this.#next <= this.#top && this.#isMarked(this.#next)) this.#next++;
  }

  #mark(sequence: number): void {
    const bit = sequence % WINDOW_SIZE;
    this.#seen[bit >>> 5] = (this.#seen[bit >>> 5] ?? 0) | (1 << (bit & 31));
  }

  #clear(sequence: number): void {
    const bit = sequence % WINDOW_SIZE;
    this.#seen[bit >>> 5] = (this.#seen[bit >>> 5] ?? 0) & ~(1 << (bit & 31));
  }

  #isMarked(sequence: number): boolean {
    return isSet(this.#seen, sequence);
  }
}

function isSet(seen: Uint32Array, sequence: number): boolean {
  const bit = sequence % WINDOW_SIZE;
  return (((seen[bit >>> 5] ?? 0) >>> (bit & 31)) & 1) === 1;
}
