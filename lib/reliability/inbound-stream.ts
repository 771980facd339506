import { type Instant, NEVER } from '../primitives/instant.js';
import type { NodeId } from '../primitives/node-id.js';
import type { Random } from '../primitives/random.js';
import { type Ask, GapList } from './gap-list.js';
import { type Range, ReceiveWindow, type Sighting, WINDOW_SIZE, type WindowSnapshot } from './receive-window.js';
import { firstAskDelayMs } from './repair-timing.js';

/** Asks for the buckets of what can not be repaired. */
export interface ResyncRequest {
  readonly id: number;
  readonly from: number;
  since: Instant;
  nextAt: Instant;
}

/** Asked within a round trip: that may be longer than the pauses between questions. */
const QUESTIONS_KEPT = 4;

/** Asked of the origin: its answer tells what was forged of what had been seen and claimed by then. */
interface Question {
  readonly token: number;
  readonly snapshot: WindowSnapshot;
  readonly claimed: number;
  readonly farClaim: FarClaim | undefined;
}

/** Why a stream may be incomplete. */
export type StreamCause = 'join' | 'gap' | 'overrun' | 'peer-lost' | 'heal';

/** A claim out of the window's reach, and since when nobody could confirm or deny it. */
interface FarClaim {
  readonly highest: number;
  since: Instant;
}

/** All that one origin has sent, as far as it was heard: what is missing of it, and what is being done about that. */
export class InboundStream {
  readonly id: NodeId;
  readonly window: ReceiveWindow;
  readonly gaps = new GapList();
  cause: StreamCause = 'gap';
  /** Its origin was never met, and is known by what others say of it. */
  relayed = false;
  /** Who last said that the origin has come further: the one to ask when the origin is gone. */
  claimant: NodeId | undefined;
  request: ResyncRequest | undefined;
  /** When buckets may be asked for again: an answer may not cover what was forged. */
  nextRequestAt: Instant = -NEVER;
  /** When the origin may be asked again how far it has come. */
  nextQuestionAt: Instant = -NEVER;
  /** Datagrams since this node last reported to the origin, and when the next report is due. */
  unreported = 0;
  reportAt: Instant = NEVER;
  reportedAt: Instant = -NEVER;
  /** The highest that anybody has said of it, within the window's reach. It opens gaps, and moves nothing else. */
  #claimed = 0;
  #farClaim: FarClaim | undefined;
  /** Up to here a resync has made up for what was claimed from afar: by somebody who may have lied. */
  #farCovered = 0;
  /** Which may still be answered, the latest last. */
  readonly #questions: Question[] = [];
  /** Up to here gaps have been noted. */
  #notedTo: number;

  constructor(id: NodeId, baseline: number) {
    this.id = id;
    this.window = new ReceiveWindow(baseline);
    this.#notedTo = baseline;
  }

  /** The highest that is known, or claimed within reach. */
  get known(): number {
    return Math.max(this.window.top, this.#claimed);
  }

  get farClaim(): FarClaim | undefined {
    return this.#farClaim;
  }

  /** Whether nothing is known to be missing. */
  get whole(): boolean {
    return this.window.whole && this.#claimed <= this.window.top && this.#farClaim === undefined;
  }

  see(sequence: number): Sighting {
    return this.window.see(sequence);
  }

  /**
   * Somebody says that the origin has come so far: nothing new, a gap, or more than the window can take in. What a resync
   * has covered is only to be asked about; but a lie covers no more than what the truthful may say in turns.
   */
  claim(now: Instant, highest: number, claimant: NodeId): 'known' | 'gap' | 'far' | 'covered' {
    if (highest <= this.known) return 'known';
    if (highest <= this.window.top + WINDOW_SIZE) {
      this.claimant = claimant;
      this.#claimed = highest;
      return 'gap';
    }
    if (highest <= this.#farCovered && highest > this.#farCovered - WINDOW_SIZE) return 'covered';
    this.claimant = claimant;
    this.#farClaim = {
      highest: Math.max(highest, this.#farClaim?.highest ?? 0),
      since: this.#farClaim?.since ?? now,
    };
    return 'far';
  }

  /** The origin itself says so, by a word that nobody else could give. */
  confirm(highest: number): void {
    this.window.extendTo(highest);
    if (this.#farClaim !== undefined && this.#farClaim.highest <= highest) this.#farClaim = undefined;
  }

  /** All up to here is missing, and is not to be asked for: it joins what the window has lost. */
  skip(upTo: number): void {
    this.window.loseTo(upTo);
    this.#notedTo = Math.max(this.#notedTo, upTo);
  }

  /** The origin is asked how far it has come. */
  ask(token: number): void {
    this.#questions.push({ token, snapshot: this.window.snapshot(), claimed: this.#claimed, farClaim: this.#farClaim });
    if (this.#questions.length > QUESTIONS_KEPT) this.#questions.shift();
  }

  /** Its answer: what had been seen or claimed beyond it by then was forged. Returns by how much the window was moved so. */
  settle(token: number, highest: number): number {
    const index = this.#questions.findIndex((one) => one.token === token);
    const question = this.#questions[index];
    if (question === undefined) return 0;
    // What was asked before it, this answers too.
    this.#questions.splice(0, index + 1);
    // What has been claimed since is another matter.
    if (this.#farClaim?.highest === question.farClaim?.highest) this.#farClaim = undefined;
    const forged = Math.max(0, question.snapshot.top - highest);
    if (forged > 0) this.window.retract(highest, question.snapshot);
    if (this.#claimed === question.claimed) this.#claimed = Math.min(this.#claimed, highest);
    // Where a forged one stood in the place of a true one, something is missing below what has come since.
    this.#notedTo = Math.min(this.#notedTo, forged > 0 ? highest : this.known);
    return forged;
  }

  /** Notes what has been found missing since this was last called. Returns how many sequences that is. */
  noteGaps(now: Instant, random: Random, nodeCount: number): number {
    const { known, window } = this;
    const from = this.#notedTo + 1;
    if (known < from) return 0;
    this.#notedTo = known;
    if (window.contiguous >= known) return 0;
    let count = 0;
    const askAt = now + firstAskDelayMs(random, nodeCount);
    for (const range of window.missing(from, known)) {
      this.gaps.add(now, range, askAt);
      count += range.to - range.from + 1;
    }
    return count;
  }

  /** Forgets gaps that have been filled or made up for. */
  dropFilled(): void {
    this.gaps.dropFilled(this.#missing);
  }

  dueAsk(now: Instant, random: Random): Ask | undefined {
    return this.gaps.due(now, random, this.#missing);
  }

  /** What was missing in between has been made up for by a resync. */
  close(from: number, upTo: number): void {
    this.window.close(from, upTo);
    if (this.#farClaim !== undefined && this.#farClaim.highest <= upTo) this.#farClaim = undefined;
    this.#notedTo = Math.max(this.#notedTo, this.window.top);
    this.dropFilled();
  }

  /** A resync of everything: nothing is missing any more, as far as anybody knows. */
  closeAll(): void {
    this.close(0, this.known);
    if (this.#farClaim !== undefined) this.#farCovered = this.#farClaim.highest;
    this.#farClaim = undefined;
    this.request = undefined;
    this.gaps.clear();
  }

  /** This process stood still: that time does not count against the others. */
  forgive(lateness: number): void {
    this.gaps.forgive(lateness);
    if (this.request !== undefined) this.request.since += lateness;
    if (this.#farClaim !== undefined) this.#farClaim.since += lateness;
  }

  readonly #missing = ({ from, to }: Range, limit: number): readonly Range[] =>
    this.window.missing(from, Math.min(to, this.known), limit);
}
