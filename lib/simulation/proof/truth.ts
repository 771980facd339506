import type { Instant } from '../../primitives/instant.js';
import type { NodeId } from '../../primitives/node-id.js';

/** One change of the store that all nodes share, and of which one node tells the others. */
export interface Write {
  readonly at: Instant;
  readonly writer: NodeId;
  /** What the writer publishes: a key, or a pattern of keys. */
  readonly kind: 'key' | 'matching';
  readonly published: string;
}

/** The store behind all caches. The version of a key is the number of its writes. */
export class Truth {
  readonly #writes = new Map<string, Write[]>();
  #count = 0;

  /** How many writes there were. */
  get count(): number {
    return this.#count;
  }

  version(key: string): number {
    return this.#writes.get(key)?.length ?? 0;
  }

  /** Changes all of these keys by one write. */
  write(write: Write, keys: readonly string[]): void {
    this.#count++;
    for (const key of keys) {
      const writes = this.#writes.get(key);
      if (writes === undefined) this.#writes.set(key, [write]);
      else writes.push(write);
    }
  }

  /** What has happened to the key since that version. */
  writesSince(key: string, version: number): readonly Write[] {
    return this.#writes.get(key)?.slice(version) ?? [];
  }

  /** Every write once, in order. */
  all(): readonly Write[] {
    const all = new Set<Write>();
    for (const writes of this.#writes.values()) for (const write of writes) all.add(write);
    return [...all].sort((one, other) => one.at - other.at);
  }
}
