import { BUCKET_COUNT } from '../primitives/bucket-set.js';
import type { NodeId } from '../primitives/node-id.js';
import type { FragmentPacket } from './fragment-packet.js';
import { writeHeader } from './header.js';
import { HEADER_BYTES, MAX_EVENT_DATAGRAM_BYTES, PacketType } from './packet.js';
import { REFUSAL, type Refusal } from './refusal.js';
import { readTail } from './trailer-decoder.js';
import { writeClusterTlv, writeTrailer } from './trailer-encoder.js';
import { CLUSTER_TAG_BYTES, MAX_CONTENT_BYTES, TLV_HEAD_BYTES, TRAILER_BYTES } from './trailer-layout.js';

/** Stands where the bucket would, in a question. */
const NO_BUCKET = 0xffff;

const BUCKET_AT = HEADER_BYTES;
const TOTAL_AT = BUCKET_AT + 2;
const INDEX_AT = TOTAL_AT + 4;
const BYTES_AT = INDEX_AT + 1;
const BEHIND_BYTES = TRAILER_BYTES + TLV_HEAD_BYTES + CLUSTER_TAG_BYTES;

/** How long a fragment is, in every cluster; the last one may be shorter. So nobody can say of one that it is elsewhere. */
export const FRAGMENT_BYTES = MAX_EVENT_DATAGRAM_BYTES - BYTES_AT - BEHIND_BYTES;

/** How many fragments so many bytes take. */
export function fragmentCount(totalBytes: number): number {
  return Math.ceil(totalBytes / FRAGMENT_BYTES);
}

/** Writes a fragment from the beginning of `into` and returns the length. */
export function encodeFragment(into: Buffer, packet: Omit<FragmentPacket, 'kind'>): number {
  writeHeader(into, PacketType.FRAGMENT, packet.sender);
  into.writeUInt16BE(packet.bucket ?? NO_BUCKET, BUCKET_AT);
  into.writeUInt32BE(packet.totalBytes, TOTAL_AT);
  into[INDEX_AT] = packet.index;
  const at = BYTES_AT + packet.bytes.copy(into, BYTES_AT);
  return writeClusterTlv(into, writeTrailer(into, at, packet.trailer), packet.trailer.clusterTag);
}

/** Its trailer must be there, as a matching event's: without a sequence nobody would know where it belongs. */
export function decodeFragment(bytes: Buffer, sender: NodeId): FragmentPacket | Refusal {
  if (bytes.length < BYTES_AT) return REFUSAL.TOO_SHORT;
  const bucket = bytes.readUInt16BE(BUCKET_AT);
  const totalBytes = bytes.readUInt32BE(TOTAL_AT);
  const index = bytes[INDEX_AT]!;
  if (bucket >= BUCKET_COUNT && bucket !== NO_BUCKET) return REFUSAL.MALFORMED;
  if (totalBytes > MAX_CONTENT_BYTES || index >= fragmentCount(totalBytes)) return REFUSAL.MALFORMED;
  const end = BYTES_AT + Math.min(FRAGMENT_BYTES, totalBytes - index * FRAGMENT_BYTES);
  if (end > bytes.length) return REFUSAL.TOO_SHORT;
  const tail = readTail(bytes, end, 0);
  if (tail.kind === 'refused') return tail;
  if (tail.trailer === undefined) return REFUSAL.MALFORMED;
  return {
    kind: 'fragment',
    sender,
    bucket: bucket === NO_BUCKET ? undefined : bucket,
    totalBytes,
    index,
    bytes: Buffer.from(bytes.subarray(BYTES_AT, end)),
    trailer: tail.trailer,
  };
}
