/** What one datagram may take: the bound that `MeshNode.pollTransmit` asks for. */
const DATAGRAM_BYTES = 1200;
/** As many as may be under way by default. Those of a rare burst beyond it go back to the allocator. */
const KEPT = 64;

/**
 * Buffers that datagrams are laid out in. They are used again, as a fresh one costs 0.5 µs and a share of a collection,
 * and allocated apart from Node's pool, of which a datagram on its way would pin 8 KiB.
 */
export class SendBuffers {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(DATAGRAM_BYTES);
  }

  giveBack(buffer: Buffer): void {
    if (this.#free.length < KEPT) this.#free.push(buffer);
  }
}
