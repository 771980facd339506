/** All that is ever printed of a secret. */
const SHOWN = '[secret]';

/**
 * Bytes that nobody is to read in a log: printing, inspecting and serialising an object that holds one shows that there
 * is one, and nothing else.
 */
export class Secret {
  readonly #bytes: Uint8Array;

  /** Copies the bytes, or takes the UTF-8 of the text. */
  constructor(value: string | Uint8Array) {
    // Both have memory of their own: `Buffer.from` would put them into the pool, beside other people's bytes.
    this.#bytes = typeof value === 'string' ? new TextEncoder().encode(value) : new Uint8Array(value);
  }

  /** Its bytes, for keys to be made of. They are not a copy. */
  reveal(): Uint8Array {
    return this.#bytes;
  }

  equals(other: Secret): boolean {
    return Buffer.compare(this.#bytes, other.#bytes) === 0;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  /** What `util.inspect` and `console.log` ask for. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return SHOWN;
  }
}

/** The secrets of a node by names of its own, which never leave it: the primary seals, all of them open. */
export interface ResolvedSecret {
  /** One of the names. */
  readonly primary: string;
  readonly keys: ReadonlyMap<string, Secret>;
}
