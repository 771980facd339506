import { type Instant, NEVER } from '../primitives/instant.js';
import type { Random } from '../primitives/random.js';
import type { Range } from './receive-window.js';
import { retryDelayMs } from './repair-timing.js';

/** What is asked for at once: the answers must fit the smallest usual socket buffer beside what else arrives. */
export const ASK_COUNT = 32;
/** Between two questions about one stream, if the first one was full. */
const ASK_SPACING_MS = 5;
/** What is missing for so long is not asked for any more. */
export const REPAIR_LIMIT_MS = 3000;

/** Sequences that were found missing together, and when to ask for them next. Some may have come since. */
interface Gap extends Range {
  since: Instant;
  tries: number;
  nextAt: Instant;
}

/** What is due to be asked for. */
export interface Ask {
  readonly ranges: readonly Range[];
  /** How often the one asked for most often was asked for before. */
  readonly tries: number;
}

/** Tells which sequences of a range are missing, up to a number of ranges. */
type Missing = (range: Range, limit: number) => readonly Range[];

/** What is missing of one stream. Each gap has a timer of its own: one for all of them was six times worse at p99. */
export class GapList {
  #gaps: Gap[] = [];
  #nextAskAt: Instant = -NEVER;

  get size(): number {
    return this.#gaps.length;
  }

  add(now: Instant, range: Range, askAt: Instant): void {
    this.#gaps.push({ from: range.from, to: range.to, since: now, tries: 0, nextAt: askAt });
  }

  /** When {@link due} has something to ask, or, if that is of interest, a gap has become too old. */
  deadline(orOverdue = true): Instant {
    let earliest = NEVER;
    for (const { nextAt, since } of this.#gaps) {
      earliest = Math.min(earliest, Math.max(nextAt, this.#nextAskAt));
      if (orOverdue) earliest = Math.min(earliest, since + REPAIR_LIMIT_MS);
    }
    return earliest;
  }

  isOverdue(now: Instant): boolean {
    return this.#gaps.some(({ since }) => now - since >= REPAIR_LIMIT_MS);
  }

  /** Forgets gaps that have been filled or made up for. */
  dropFilled(missing: Missing): void {
    if (this.#gaps.length > 0) this.#gaps = this.#gaps.filter((gap) => missing(gap, 1).length > 0);
  }

  clear(): void {
    this.#gaps = [];
  }

  /**
   * What to ask for now, `undefined` for nothing. Of what is asked the next time comes after a pause that grows; what
   * is too much for one question follows in the next one.
   */
  due(now: Instant, random: Random, missing: Missing): Ask | undefined {
    if (now < this.#nextAskAt) return undefined;
    const ranges: Range[] = [];
    let room = ASK_COUNT;
    let tries = 0;
    for (let index = 0; index < this.#gaps.length && room > 0; index++) {
      const gap = this.#gaps[index]!;
      if (gap.nextAt > now) continue;
      const taken = takeRanges(missing(gap, ASK_COUNT), room);
      if (taken.ranges.length === 0) continue;
      room = taken.room;
      ranges.push(...taken.ranges);
      tries = Math.max(tries, gap.tries);
      this.#asked(now, index, taken.upTo, random);
    }
    if (room === 0) this.#nextAskAt = now + ASK_SPACING_MS;
    return ranges.length === 0 ? undefined : { ranges, tries };
  }

  /** This process stood still: that time does not count against the others. */
  forgive(lateness: number): void {
    for (const gap of this.#gaps) gap.since += lateness;
  }

  /** Whom to ask has changed: it begins anew. */
  restart(now: Instant): void {
    for (const gap of this.#gaps) {
      gap.since = now;
      gap.nextAt = now;
    }
  }

  /** The part up to `upTo` waits for its answer; the rest of the gap is one of its own. */
  #asked(now: Instant, index: number, upTo: number, random: Random): void {
    const gap = this.#gaps[index]!;
    const tries = gap.tries + 1;
    this.#gaps[index] = { ...gap, to: Math.min(upTo, gap.to), tries, nextAt: now + retryDelayMs(random, tries) };
    if (upTo < gap.to) this.#gaps.push({ ...gap, from: upTo + 1 });
  }
}

/** As much of the ranges as there is room for; `upTo` is where that ends, or beyond everything. */
function takeRanges(from: readonly Range[], space: number): { ranges: Range[]; room: number; upTo: number } {
  const ranges: Range[] = [];
  let room = space;
  for (const range of from) {
    if (room === 0) return { ranges, room, upTo: range.from - 1 };
    const count = Math.min(range.to - range.from + 1, room);
    const to = range.from + count - 1;
    ranges.push({ from: range.from, to });
    room -= count;
    if (to < range.to) return { ranges, room, upTo: to };
  }
  // More ranges may follow those that were looked at.
  return { ranges, room, upTo: from.length < ASK_COUNT ? Number.POSITIVE_INFINITY : (from.at(-1)?.to ?? 0) };
}
