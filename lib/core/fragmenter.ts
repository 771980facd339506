import { bucketOf } from '../primitives/bucket-set.js';
import type { OutgoingEvent, PendingEvent } from '../delivery/pending-event.js';
import { encodeFragment, FRAGMENT_BYTES } from '../wire/fragment-codec.js';
import type { FragmentedContent } from '../wire/key-attachment.js';
import type { Trailer } from '../wire/packet.js';
import type { NodeContext } from './node-context.js';

const NOTHING = Buffer.alloc(0);

/** An event that goes out in fragments: what is said of it behind them. */
export interface Fragmented {
  readonly entry: PendingEvent;
  readonly event: OutgoingEvent;
  readonly bucket: number | undefined;
  readonly content: FragmentedContent;
}

/**
 * Cuts data and metadata of one event after the other into fragments. Once begun, an event goes out whole before anything
 * else that has a sequence: receivers know by its sequence what belongs together.
 */
export class Fragmenter {
  readonly #context: NodeContext;
  #current: Fragmented | undefined;
  #bytes = NOTHING;
  #index = 0;

  constructor(context: NodeContext) {
    this.#context = context;
  }

  /** What is under way. */
  get current(): Fragmented | undefined {
    return this.#current;
  }

  /** Whether all fragments of it are out, and its key is to follow. */
  get isAtEnd(): boolean {
    return this.#index * FRAGMENT_BYTES >= this.#bytes.length;
  }

  begin(entry: PendingEvent, event: OutgoingEvent): Fragmented {
    const { metadata = NOTHING, data = NOTHING } = event;
    // Whoever withdraws it from here on withdraws nothing: half of it could only be taken for lost.
    entry.claims++;
    this.#bytes = Buffer.concat([metadata, data]);
    this.#index = 0;
    this.#current = {
      ...{ entry, event },
      bucket: event.kind === 'key' ? bucketOf(event.key) : undefined,
      content: { totalBytes: this.#bytes.length, metadataBytes: metadata.length },
    };
    return this.#current;
  }

  /** Lays out the next fragment and returns its length. */
  layOut(into: Buffer, { bucket }: Fragmented, trailer: Trailer): number {
    const at = this.#index * FRAGMENT_BYTES;
    const bytes = this.#bytes.subarray(at, at + FRAGMENT_BYTES);
    return encodeFragment(into, {
      ...{ sender: this.#context.config.id, bucket, bytes, trailer },
      ...{ totalBytes: this.#bytes.length, index: this.#index++ },
    });
  }

  end(): void {
    this.#current = undefined;
    this.#bytes = NOTHING;
    this.#index = 0;
  }
}
