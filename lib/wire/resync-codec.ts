import { BUCKET_SET_BYTES, BucketSet } from '../primitives/bucket-set.js';
import type { NodeId } from '../primitives/node-id.js';
import { FRAME_BODY_AT, readClusterTag, readFlags, readNonce, refuseFrame, writeFrameHead } from './frame-head.js';
import { writeHeader } from './header.js';
import { type BucketsPacket, HEADER_BYTES, PacketType } from './packet.js';
import { REFUSAL, type Refusal } from './refusal.js';
import type { ResyncPacket, ResyncRequestPacket } from './repair-packet.js';
import { readTail } from './trailer-decoder.js';
import { writeClusterTlv, writeTrailer } from './trailer-encoder.js';

/** All keys are meant: a flag of resync and of buckets, which then have no bitmap. */
const ALL_BUCKETS = 1;

// Request and answer; the answer goes on behind it.
const REQUEST_ID_AT = FRAME_BODY_AT;
const FROM_AT = REQUEST_ID_AT + 4;
const REQUEST_BYTES = FROM_AT + 6;
const UP_TO_AT = REQUEST_BYTES;
const RESYNC_BITMAP_AT = UP_TO_AT + 6;

const BUCKETS_FLAGS_AT = HEADER_BYTES;
const BUCKETS_BITMAP_AT = BUCKETS_FLAGS_AT + 1;

/** Writes the question for buckets from the beginning of `into` and returns its length. */
export function encodeResyncRequest(into: Buffer, packet: ResyncRequestPacket): number {
  const at = writeFrameHead(into, PacketType.RESYNC_REQ, packet, 0);
  return into.writeUIntBE(packet.from, into.writeUInt32BE(packet.requestId, at), 6);
}

export function decodeResyncRequest(bytes: Buffer, sender: NodeId): ResyncRequestPacket | Refusal {
  const refusal = refuseFrame(bytes, REQUEST_BYTES);
  if (refusal !== undefined) return refusal;
  const requestId = bytes.readUInt32BE(REQUEST_ID_AT);
  const from = bytes.readUIntBE(FROM_AT, 6);
  return {
    kind: 'resync-request',
    sender,
    clusterTag: readClusterTag(bytes),
    nonce: readNonce(bytes),
    requestId,
    from,
  };
}

/** Writes the answer to it from the beginning of `into` and returns its length. */
export function encodeResync(into: Buffer, packet: ResyncPacket): number {
  let at = writeFrameHead(into, PacketType.RESYNC, packet, bucketFlags(packet.buckets));
  at = into.writeUInt32BE(packet.requestId, at);
  at = into.writeUIntBE(packet.from, at, 6);
  at = into.writeUIntBE(packet.upTo, at, 6);
  return writeBitmap(into, at, packet.buckets);
}

export function decodeResync(bytes: Buffer, sender: NodeId): ResyncPacket | Refusal {
  const refusal = refuseFrame(bytes, RESYNC_BITMAP_AT);
  if (refusal !== undefined) return refusal;
  const flags = readFlags(bytes);
  if (endOfBitmap(RESYNC_BITMAP_AT, flags) > bytes.length) return REFUSAL.TOO_SHORT;
  return {
    kind: 'resync',
    sender,
    clusterTag: readClusterTag(bytes),
    nonce: readNonce(bytes),
    requestId: bytes.readUInt32BE(REQUEST_ID_AT),
    from: bytes.readUIntBE(FROM_AT, 6),
    upTo: bytes.readUIntBE(UP_TO_AT, 6),
    buckets: readBitmap(bytes, RESYNC_BITMAP_AT, flags),
  };
}

/** Writes the event "all keys of these buckets" from the beginning of `into` and returns its length. */
export function encodeBuckets(into: Buffer, packet: Omit<BucketsPacket, 'kind'>): number {
  writeHeader(into, PacketType.BUCKETS, packet.sender);
  into[BUCKETS_FLAGS_AT] = bucketFlags(packet.buckets);
  let at = writeBitmap(into, BUCKETS_BITMAP_AT, packet.buckets);
  at = writeTrailer(into, at, packet.trailer);
  return writeClusterTlv(into, at, packet.trailer.clusterTag);
}

/** Its trailer must be there, as a matching event's: without a sequence nobody would notice that it is missing. */
export function decodeBuckets(bytes: Buffer, sender: NodeId): BucketsPacket | Refusal {
  if (bytes.length < BUCKETS_BITMAP_AT) return REFUSAL.TOO_SHORT;
  const flags = bytes[BUCKETS_FLAGS_AT]!;
  const bitmapEnd = endOfBitmap(BUCKETS_BITMAP_AT, flags);
  if (bitmapEnd > bytes.length) return REFUSAL.TOO_SHORT;
  const tail = readTail(bytes, bitmapEnd, 0);
  if (tail.kind === 'refused') return tail;
  if (tail.trailer === undefined) return REFUSAL.MALFORMED;
  return { kind: 'buckets', sender, buckets: readBitmap(bytes, BUCKETS_BITMAP_AT, flags), trailer: tail.trailer };
}

function bucketFlags(buckets: BucketSet | 'all'): number {
  return buckets === 'all' ? ALL_BUCKETS : 0;
}

function endOfBitmap(bitmapAt: number, flags: number): number {
  return (flags & ALL_BUCKETS) === 0 ? bitmapAt + BUCKET_SET_BYTES : bitmapAt;
}

/** Writes the bitmap, if there is to be one, and returns the offset behind it. */
function writeBitmap(into: Buffer, offset: number, buckets: BucketSet | 'all'): number {
  if (buckets === 'all') return offset;
  into.set(buckets.bytes, offset);
  return offset + BUCKET_SET_BYTES;
}

/** The caller has checked that it is there. The set has bytes of its own. */
function readBitmap(bytes: Buffer, offset: number, flags: number): BucketSet | 'all' {
  if ((flags & ALL_BUCKETS) !== 0) return 'all';
  return new BucketSet(new Uint8Array(bytes.subarray(offset, offset + BUCKET_SET_BYTES)));
}
