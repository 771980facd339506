import type { NodeId } from '../primitives/node-id.js';
import type { Sealer } from '../security/sealer.js';
import { SEALED_FROM, SEALED_TEXT_AT, writeSealedHeader } from '../wire/sealed-codec.js';

/** Seals datagrams once they are laid out. */
export class SealWriter {
  readonly #sender: NodeId;
  readonly #clusterTag: number;
  readonly #sealer: Sealer;
  /** It can not be written in place before the text that lies there has been sealed. */
  readonly #header = Buffer.alloc(SEALED_TEXT_AT);

  constructor(sender: NodeId, clusterTag: number, sealer: Sealer) {
    this.#sender = sender;
    this.#clusterTag = clusterTag;
    this.#sealer = sealer;
  }

  /** Seals the datagram at the beginning of `from` into `into`, which may be the same, and returns its new length. */
  seal(from: Buffer, length: number, into: Buffer): number {
    const counter = this.#sealer.nextCounter();
    const header = this.#header;
    writeSealedHeader(header, {
      sender: this.#sender,
      keyId: this.#sealer.keyId,
      clusterTag: this.#clusterTag,
      counter,
    });
    // Type and body, side by side: the node id between them is said by the header.
    from[SEALED_FROM] = from[1]!;
    const end = this.#sealer.seal(counter, header, from.subarray(SEALED_FROM, length), into, SEALED_TEXT_AT);
    header.copy(into);
    return end;
  }
}
