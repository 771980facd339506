import type { NodeId } from '../primitives/node-id.js';
import type { Nonce } from '../primitives/nonce.js';
import { writeHeader } from './header.js';
import { HEADER_BYTES, type PacketType } from './packet.js';
import { REFUSAL, type Refusal } from './refusal.js';

/** Version of all frames between extended nodes. Another one is refused as a whole. */
export const FRAME_VERSION = 2;

const VERSION_AT = HEADER_BYTES;
const FLAGS_AT = VERSION_AT + 1;
const CLUSTER_TAG_AT = FLAGS_AT + 1;
const NONCE_AT = CLUSTER_TAG_AT + 4;

/** Where the body of a frame begins. */
export const FRAME_BODY_AT = NONCE_AT + 8;

/** What every frame says of its sender. */
export interface FrameOrigin {
  readonly sender: NodeId;
  readonly clusterTag: number;
  /** The sender's own in greetings, the addressee's in all others. */
  readonly nonce: Nonce;
}

/** Writes the head of a frame and returns the offset behind it. */
export function writeFrameHead(into: Buffer, type: PacketType, origin: FrameOrigin, flags: number): number {
  writeHeader(into, type, origin.sender);
  into[VERSION_AT] = FRAME_VERSION;
  into[FLAGS_AT] = flags;
  into.writeUInt32BE(origin.clusterTag, CLUSTER_TAG_AT);
  return into.writeBigUInt64BE(origin.nonce, NONCE_AT);
}

/** Why a datagram is not a frame of this version with that many bytes; `undefined` if it is one. */
export function refuseFrame(bytes: Buffer, minBytes: number): Refusal | undefined {
  // Before the length: a frame of another version may well be shorter.
  if (bytes.length > VERSION_AT && bytes[VERSION_AT] !== FRAME_VERSION) return REFUSAL.UNSUPPORTED_VERSION;
  return bytes.length < minBytes ? REFUSAL.TOO_SHORT : undefined;
}

// The readers below are for datagrams that were found long enough.

export function readFlags(bytes: Buffer): number {
  return bytes[FLAGS_AT]!;
}

export function readClusterTag(bytes: Buffer): number {
  return bytes.readUInt32BE(CLUSTER_TAG_AT);
}

export function readNonce(bytes: Buffer): Nonce {
  return bytes.readBigUInt64BE(NONCE_AT);
}
