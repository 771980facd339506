import type { NodeId } from '../primitives/node-id.js';
import { decodeBatch } from './batch-decoder.js';
import { FRAME_BODY_AT, readClusterTag, readFlags, readNonce, refuseFrame, writeFrameHead } from './frame-head.js';
import { MAX_DATAGRAM_BYTES, PacketType } from './packet.js';
import { REFUSAL, type Refusal } from './refusal.js';
import type { SequenceRange } from './repair-packet.js';
import type { ReplyPacket, ReplyRequestPacket, RequestPacket } from './request-packet.js';

const ReplyFlag = { CONTINUES: 1, ERROR: 2 } as const;

const TOKEN_AT = FRAME_BODY_AT;
const INDEX_AT = TOKEN_AT + 4;
const BYTES_AT = INDEX_AT + 2;
const RANGE_COUNT_AT = TOKEN_AT + 4;
const RANGES_AT = RANGE_COUNT_AT + 1;
const RANGE_BYTES = 2 + 2;

/** How many bytes of an answer one datagram takes, and how many parts an answer may have. */
export const MAX_REPLY_BYTES = MAX_DATAGRAM_BYTES - BYTES_AT;
export const MAX_REPLY_PARTS = 0x1_0000;
/** How many ranges one request names. */
export const MAX_REPLY_RANGES = 0xff;

/** Laid out as a batch, and never a v1 node's: the trailer must be there. */
export function decodeRequest(bytes: Buffer, sender: NodeId): RequestPacket | Refusal {
  const batch = decodeBatch(bytes, sender);
  if (batch.kind === 'refused') return batch;
  const { keys, attachments, trailer } = batch;
  return trailer === undefined ? REFUSAL.MALFORMED : { kind: 'request', sender, keys, attachments, trailer };
}

/** Writes a part of an answer from the beginning of `into` and returns the length. */
export function encodeReply(into: Buffer, packet: ReplyPacket): number {
  const flags = (packet.continues ? ReplyFlag.CONTINUES : 0) | (packet.isError ? ReplyFlag.ERROR : 0);
  let at = into.writeUInt32BE(packet.token, writeFrameHead(into, PacketType.REPLY, packet, flags));
  at = into.writeUInt16BE(packet.index, at);
  return at + packet.bytes.copy(into, at, 0, MAX_REPLY_BYTES);
}

export function decodeReply(bytes: Buffer, sender: NodeId): ReplyPacket | Refusal {
  const refusal = refuseFrame(bytes, BYTES_AT);
  if (refusal !== undefined) return refusal;
  if (bytes.length > BYTES_AT + MAX_REPLY_BYTES) return REFUSAL.MALFORMED;
  const flags = readFlags(bytes);
  return {
    kind: 'reply',
    sender,
    clusterTag: readClusterTag(bytes),
    nonce: readNonce(bytes),
    token: bytes.readUInt32BE(TOKEN_AT),
    index: bytes.readUInt16BE(INDEX_AT),
    continues: (flags & ReplyFlag.CONTINUES) !== 0,
    isError: (flags & ReplyFlag.ERROR) !== 0,
    bytes: Buffer.from(bytes.subarray(BYTES_AT)),
  };
}

/** Writes what is missing of an answer from the beginning of `into` and returns the length. */
export function encodeReplyRequest(into: Buffer, packet: ReplyRequestPacket): number {
  const ranges = packet.ranges.slice(0, MAX_REPLY_RANGES);
  let at = into.writeUInt32BE(packet.token, writeFrameHead(into, PacketType.REPLY_REQ, packet, 0));
  at = into.writeUInt8(ranges.length, at);
  for (const { from, count } of ranges) at = into.writeUInt16BE(count, into.writeUInt16BE(from, at));
  return at;
}

export function decodeReplyRequest(bytes: Buffer, sender: NodeId): ReplyRequestPacket | Refusal {
  const refusal = refuseFrame(bytes, RANGES_AT);
  if (refusal !== undefined) return refusal;
  const end = RANGES_AT + bytes[RANGE_COUNT_AT]! * RANGE_BYTES;
  if (end > bytes.length) return REFUSAL.TOO_SHORT;
  const ranges: SequenceRange[] = [];
  for (let at = RANGES_AT; at < end; at += RANGE_BYTES) {
    ranges.push({ from: bytes.readUInt16BE(at), count: bytes.readUInt16BE(at + 2) });
  }
  return {
    kind: 'reply-request',
    sender,
    clusterTag: readClusterTag(bytes),
    nonce: readNonce(bytes),
    token: bytes.readUInt32BE(TOKEN_AT),
    ranges,
  };
}
