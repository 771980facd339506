import type { NodeId } from '../primitives/node-id.js';
import type { Trailer } from './packet.js';

/**
 * A piece of the data and metadata of one event or question, which are longer than a datagram. Those of one stand before
 * the datagram with its key, in a row without a gap. Only extended nodes send it.
 */
export interface FragmentPacket {
  readonly kind: 'fragment';
  readonly sender: NodeId;
  /** That of the key: what is left to say when the rest does not come. A question has none. */
  readonly bucket: number | undefined;
  /** How long all fragments are together. */
  readonly totalBytes: number;
  /** Of this one, from 0. */
  readonly index: number;
  readonly bytes: Buffer;
  readonly trailer: Trailer;
}
