/**
 * A Redis glob, compiled once: `*` is any run of characters, `:` included; `?` is one; `[a-c]` is one of a set and
 * `[^a-c]` one outside it; `\` takes the next one literally. Odd patterns mean what they mean to Redis
 * (`stringmatchlen` of its `util.c`): a set that is not closed ends with the pattern, `[]` matches nothing, `[z-a]` is
 * `[a-z]`, and a last `\` stands for itself. A character is a code point here, where Redis takes a byte.
 *
 * Matching keeps one point to come back to, that of the last `*`, so its time is at most the product of both lengths:
 * the patterns of a mesh come from the network, and must not be able to cost more.
 */
export class Glob {
  readonly pattern: string;
  /** What every match begins with: the text before the first special character. */
  readonly prefix: string;
  /** The one key that matches, when the pattern has no special character. */
  readonly literal: string | undefined;
  /** What every match ends with: the text behind the last special character. */
  readonly #suffix: string;
  /** What lies between prefix and suffix. */
  readonly #program: readonly number[];
  readonly #sets: readonly CharacterSet[];

  constructor(pattern: string) {
    const { program, sets } = new GlobParser(pattern).parse();
    const isSpecial = (instruction: number): boolean => instruction < 0;
    const first = program.findIndex(isSpecial);
    const last = program.findLastIndex(isSpecial);
    this.pattern = pattern;
    this.prefix = String.fromCodePoint(...(first < 0 ? program : program.slice(0, first)));
    this.literal = first < 0 ? this.prefix : undefined;
    this.#suffix = first < 0 ? '' : String.fromCodePoint(...program.slice(last + 1));
    this.#program = first < 0 ? [] : program.slice(first, last + 1);
    this.#sets = sets;
  }

  matches(key: string): boolean {
    if (this.literal !== undefined) return key === this.literal;
    return key.startsWith(this.prefix) && this.matchesAfterPrefix(key);
  }

  /** The same for a pattern with special characters, where the caller has compared the prefix. */
  matchesAfterPrefix(key: string): boolean {
    const end = key.length - this.#suffix.length;
    return end >= this.prefix.length && key.endsWith(this.#suffix) && this.#run(key, end);
  }

  #run(key: string, end: number): boolean {
    const program = this.#program;
    let at = this.prefix.length;
    let step = 0;
    let retryStep = -1;
    let retryAt = 0;
    while (at < end) {
      const instruction = program[step];
      if (instruction === ANY_RUN) {
        retryStep = ++step;
        retryAt = at;
        if (step === program.length) return true;
        continue;
      }
      const codePoint = key.codePointAt(at)!;
      if (instruction !== undefined && this.#accepts(instruction, codePoint)) {
        step++;
        at += widthOf(codePoint);
      } else if (retryStep >= 0) {
        // The last run takes one character more; what an earlier run took need never be tried again.
        retryAt += widthOf(key.codePointAt(retryAt)!);
        at = retryAt;
        step = retryStep;
      } else {
        return false;
      }
    }
    while (program[step] === ANY_RUN) step++;
    return step === program.length;
  }

  #accepts(instruction: number, codePoint: number): boolean {
    if (instruction >= 0) return instruction === codePoint;
    return instruction === ANY_ONE || setAccepts(this.#sets[FIRST_SET - instruction]!, codePoint);
  }
}

/** Whether the pattern has a special character that is not escaped, and so may match more than one key. */
export function isGlob(pattern: string): boolean {
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!;
    if (character === '\\') at++;
    else if (character === '*' || character === '?' || character === '[') return true;
  }
  return false;
}

/** The pattern that matches exactly this text. */
export function escapeGlob(text: string): string {
  return text.replace(/[\\*?[]/g, '\\$&');
}

/** An instruction is the code point to meet, or one of these; from `FIRST_SET` downwards they number the sets. */
const ANY_RUN = -1;
const ANY_ONE = -2;
const FIRST_SET = -3;

interface CharacterSet {
  readonly negated: boolean;
  /** Lowest and highest code point of each range, in turns. */
  readonly bounds: readonly number[];
}

function setAccepts({ negated, bounds }: CharacterSet, codePoint: number): boolean {
  for (let index = 0; index < bounds.length; index += 2) {
    if (codePoint >= bounds[index]! && codePoint <= bounds[index + 1]!) return !negated;
  }
  return negated;
}

function widthOf(codePoint: number): number {
  return codePoint > 0xffff ? 2 : 1;
}

const STAR = '*'.codePointAt(0)!;
const QUESTION_MARK = '?'.codePointAt(0)!;
const OPENING_BRACKET = '['.codePointAt(0)!;
const CLOSING_BRACKET = ']'.codePointAt(0)!;
const BACKSLASH = '\\'.codePointAt(0)!;
const CARET = '^'.codePointAt(0)!;
const HYPHEN = '-'.codePointAt(0)!;

class GlobParser {
  readonly #codePoints: readonly number[];
  readonly #program: number[] = [];
  readonly #sets: CharacterSet[] = [];
  #at = 0;

  constructor(pattern: string) {
    this.#codePoints = Array.from(pattern, (character) => character.codePointAt(0)!);
  }

  parse(): { readonly program: readonly number[]; readonly sets: readonly CharacterSet[] } {
    while (this.#at < this.#codePoints.length) this.#program.push(...this.#instruction());
    return { program: this.#program, sets: this.#sets };
  }

  #instruction(): readonly number[] {
    const codePoint = this.#take();
    switch (codePoint) {
      case STAR:
        return this.#program[this.#program.length - 1] === ANY_RUN ? [] : [ANY_RUN];
      case QUESTION_MARK:
        return [ANY_ONE];
      case OPENING_BRACKET:
        this.#sets.push(this.#set());
        return [FIRST_SET - this.#sets.length + 1];
      case BACKSLASH:
        return [this.#more(0) ? this.#take() : BACKSLASH];
      default:
        return [codePoint];
    }
  }

  #set(): CharacterSet {
    const bounds: number[] = [];
    const negated = this.#codePoints[this.#at] === CARET;
    if (negated) this.#at++;
    while (this.#more(0)) {
      const first = this.#take();
      if (first === CLOSING_BRACKET) break;
      if (first === BACKSLASH && this.#more(0)) {
        const escaped = this.#take();
        bounds.push(escaped, escaped);
      } else if (this.#codePoints[this.#at] === HYPHEN && this.#more(1)) {
        const last = this.#codePoints[this.#at + 1]!;
        this.#at += 2;
        bounds.push(Math.min(first, last), Math.max(first, last));
      } else {
        bounds.push(first, first);
      }
    }
    return { negated, bounds };
  }

  /** Whether the pattern goes on for more than `beyond` characters. */
  #more(beyond: number): boolean {
    return this.#at + beyond < this.#codePoints.length;
  }

  #take(): number {
    return this.#codePoints[this.#at++]!;
  }
}
