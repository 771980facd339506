import type { BucketSet } from '../primitives/bucket-set.js';
import type { NodeId } from '../primitives/node-id.js';
import type { ControlFrame } from './control-frame.js';

/**
 * How far an origin has come. To the group, and with no token, the sender's own highest, again and again after its last
 * event; to one member, the answer to its NACK, of whichever node that was about.
 */
export interface BeaconPacket extends ControlFrame {
  readonly kind: 'beacon';
  /** That of the NACK; 0 if this answers none. */
  readonly token: number;
  readonly about: NodeId;
  /** The highest sequence that the sender knows of it; 0 for none. */
  readonly highest: number;
  /** The oldest that the sender can repeat; one above the highest when it can repeat none. */
  readonly floor: number;
}

/** `count` sequences from `from` on. */
export interface SequenceRange {
  readonly from: number;
  readonly count: number;
}

/** Asks for datagrams of the node `about` that did not arrive. With no ranges it asks what the addressee knows of it. */
export interface NackPacket extends ControlFrame {
  readonly kind: 'nack';
  readonly token: number;
  readonly about: NodeId;
  readonly ranges: readonly SequenceRange[];
}

/** Under load: how far the sender has come with what the addressee sends. */
export interface AckPacket extends ControlFrame {
  readonly kind: 'ack';
  /** All up to here has arrived or is made up for. */
  readonly contiguous: number;
  /** The highest that was read from the socket: what is above may still lie in its buffer. */
  readonly highest: number;
  /** How many bytes of its buffer the addressee may fill, as the kernel counts them. */
  readonly windowBytes: number;
}

/** Asks an origin in which buckets keys were published by its datagrams from `from` on. */
export interface ResyncRequestPacket extends ControlFrame {
  readonly kind: 'resync-request';
  readonly requestId: number;
  readonly from: number;
}

/** The buckets of all keys that the sender published by its datagrams `from` to `upTo`. */
export interface ResyncPacket extends ControlFrame {
  readonly kind: 'resync';
  readonly requestId: number;
  readonly from: number;
  readonly upTo: number;
  readonly buckets: BucketSet | 'all';
}
