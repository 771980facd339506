import type { Ask } from '../primitives/ask.js';

/** Data and metadata of a key that are longer than a datagram: they came, or come, in the fragments before it. */
export interface FragmentedContent {
  /** Of metadata and data together, in this order. */
  readonly totalBytes: number;
  /** Of the metadata alone; 0 for none. What remains are the data; nothing, if there are none. */
  readonly metadataBytes: number;
}

/** What belongs to one key of a batch: data and metadata as serialised bytes. */
export interface KeyAttachment {
  readonly data: Buffer | undefined;
  readonly metadata: Buffer | undefined;
  /** The publisher waits until handlers have ended, or for what they answer. */
  readonly ask?: Ask | undefined;
  /** In place of data and metadata. */
  readonly content?: FragmentedContent | undefined;
}
