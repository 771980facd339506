import { randomBelow, type Random } from '../../lib/primitives/random.js';
import { PacketType } from '../../lib/wire/packet.js';
import { seededRandom } from '../support/seeded-random.js';

/** The largest datagram that is made; the largest of UDP would only slow the test down. */
const MAX_BYTES = 4096;

/** What length and count fields break at. */
const EXTREMES = [0, 1, 2, 9, 10, 32, 33, 64, 65, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xfffe, 0xffff];
const TYPES = [...Object.values(PacketType), 0x20];

/** Makes datagrams that are random, or nearly right. */
export class DatagramMutator {
  readonly maxBytes = MAX_BYTES;
  readonly #random: Random;
  readonly #corpus: readonly Buffer[];
  readonly #bytes = Buffer.alloc(MAX_BYTES);
  #length = 0;

  constructor(seed: number, corpus: readonly Buffer[]) {
    this.#random = seededRandom(seed);
    this.#corpus = corpus;
  }

  /** The next datagram; the one before it is overwritten. */
  next(): Buffer {
    if (this.#below(8) === 0) this.#makeRandom();
    else this.#mutateOne();
    return this.#bytes.subarray(0, this.#length);
  }

  #makeRandom(): void {
    this.#length = 0;
    this.#append(this.#below(this.#below(16) === 0 ? 1500 : 80));
    if (this.#below(8) === 0) return;
    // Nearly all would be refused at their first byte, or be of an unknown type.
    this.#bytes[0] = 0x57;
    this.#bytes[1] = TYPES[this.#below(TYPES.length)]!;
    if (this.#below(2) === 0) this.#bytes[18] = 2;
  }

  #mutateOne(): void {
    this.#length = this.#pick().copy(this.#bytes);
    for (let rounds = this.#below(4); rounds > 0; rounds -= 1) this.#mutate();
  }

  #mutate(): void {
    switch (this.#below(7)) {
      case 0:
        for (let flips = 1 + this.#below(8); flips > 0; flips -= 1) this.#flip();
        break;
      case 1:
        this.#length = this.#below(this.#length + 1);
        break;
      case 2:
        this.#append(this.#below(64));
        break;
      case 3:
        this.#splice();
        break;
      case 4:
        this.#write(EXTREMES[this.#below(EXTREMES.length)]!, 2);
        break;
      case 5:
        this.#write(EXTREMES[this.#below(EXTREMES.length)]! & 0xff, 1);
        break;
      default:
        // A length that nearly fits finds more than one that never does.
        this.#write(Math.max(0, this.#length - this.#below(64)), 2);
    }
  }

  #flip(): void {
    if (this.#length === 0) return;
    this.#bytes[this.#below(this.#length)]! ^= 1 << this.#below(8);
  }

  #append(count: number): void {
    const end = Math.min(this.#length + count, MAX_BYTES);
    while (this.#length < end) this.#bytes[this.#length++] = this.#random.u32() & 0xff;
  }

  /** The beginning of this datagram, and the end of another. */
  #splice(): void {
    const other = this.#pick();
    const at = this.#below(this.#length + 1);
    this.#length = at + other.copy(this.#bytes, at, this.#below(other.length + 1));
  }

  #write(value: number, size: 1 | 2): void {
    if (this.#length < size) return;
    this.#bytes.writeUIntBE(value, this.#below(this.#length - size + 1), size);
  }

  #pick(): Buffer {
    return this.#corpus[this.#below(this.#corpus.length)]!;
  }

  #below(bound: number): number {
    return randomBelow(this.#random, bound);
  }
}
