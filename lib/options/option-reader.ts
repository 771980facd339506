import { nearestName } from './nearest-name.js';
import type { OptionCheck } from './option-checks.js';
import type { OptionMistakes } from './option-mistakes.js';

/** Names under which others have what here is an option with another name, too far from it to be a slip of the pen. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([['multicast', 'to do without multicast: group: false']]);

/** Reads each option of a caller's object once, and remembers which there are. The object is never changed. */
export class OptionReader {
  readonly #source: object;
  readonly #prefix: string;
  readonly #mistakes: OptionMistakes;
  readonly #known: string[] = [];
  readonly #given = new Set<string>();

  constructor(source: unknown, prefix: string, mistakes: OptionMistakes) {
    this.#prefix = prefix;
    this.#mistakes = mistakes;
    const readable = typeof source === 'object' && source !== null && !Array.isArray(source);
    if (!readable) mistakes.wrongValue(prefix === '' ? 'options' : prefix, source, 'an object');
    this.#source = readable ? source : {};
  }

  /** The option as `check` understands it; `fallback` where it is left out or wrong. */
  read<T, F>(name: string, check: OptionCheck<T>, fallback: F): T | F {
    this.#known.push(name);
    const value = this.#valueOf(name);
    if (value !== undefined) this.#given.add(name);
    return value === undefined ? fallback : (check(this.#path(name), value, this.#mistakes) ?? fallback);
  }

  /** Whether there was anything to read, right or wrong. */
  hasRead(name: string): boolean {
    return this.#given.has(name);
  }

  /** Notes every name that none of the reads so far asked for. */
  refuseOthers(): void {
    for (const name of Object.keys(this.#source)) {
      if (this.#known.includes(name) || this.#valueOf(name) === undefined) continue;
      this.#mistakes.wrongOption(this.#path(name), this.#whyUnknown(name));
    }
  }

  #whyUnknown(name: string): string {
    const hint = this.#prefix === '' ? ELSEWHERE.get(name) : undefined;
    if (hint !== undefined) return `is not an option; ${hint}`;
    const nearest = nearestName(name, this.#known);
    return nearest === undefined
      ? `is not an option: there are ${this.#known.join(', ')}`
      : `is not an option: did you mean ${nearest}?`;
  }

  #valueOf(name: string): unknown {
    try {
      return (this.#source as Readonly<Record<string, unknown>>)[name];
    } catch {
      this.#mistakes.wrongOption(this.#path(name), 'can not be read: its getter threw');
      return undefined;
    }
  }

  #path(name: string): string {
    return this.#prefix === '' ? name : `${this.#prefix}.${name}`;
  }
}
