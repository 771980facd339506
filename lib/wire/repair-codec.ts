import { NODE_ID_BYTES, type NodeId, readNodeId, writeNodeId } from '../primitives/node-id.js';
import { decodeBatch, decodeMatching } from './batch-decoder.js';
import {
  FRAME_BODY_AT,
  type FrameOrigin,
  readClusterTag,
  readFlags,
  readNonce,
  refuseFrame,
  writeFrameHead,
} from './frame-head.js';
import { decodeFragment } from './fragment-codec.js';
import { SUBJECT_AT, SUBJECT_END, TOKEN_AT, writeSubject } from './frame-subject.js';
import { HEADER_BYTES, PacketType, type RepairPacket, type SequencedPacket } from './packet.js';
import { REFUSAL, type Refusal } from './refusal.js';
import type { AckPacket, BeaconPacket, NackPacket, SequenceRange } from './repair-packet.js';
import { decodeRequest } from './request-codec.js';
import { decodeBuckets } from './resync-codec.js';

const BEACON_HIGHEST_AT = SUBJECT_END;
const BEACON_FLOOR_AT = BEACON_HIGHEST_AT + 6;
const BEACON_BYTES = BEACON_FLOOR_AT + 6;

const RANGE_COUNT_AT = SUBJECT_END;
const RANGES_AT = RANGE_COUNT_AT + 1;
const RANGE_BYTES = 6 + 2;
const MAX_RANGE_LENGTH = 0xffff;

/** How many ranges one NACK names. */
export const MAX_NACK_RANGES = 64;

const ACK_CONTIGUOUS_AT = FRAME_BODY_AT;
const ACK_HIGHEST_AT = ACK_CONTIGUOUS_AT + 6;
const ACK_WINDOW_AT = ACK_HIGHEST_AT + 6;
const ACK_BYTES = ACK_WINDOW_AT + 4;

const REPAIR_TO_GROUP = 4;
const REPAIR_ORIGIN_AT = FRAME_BODY_AT;
const REPAIR_TYPE_AT = REPAIR_ORIGIN_AT + NODE_ID_BYTES;

/** Where a repair has the body of the datagram that it repeats. */
export const REPAIR_BODY_AT = REPAIR_TYPE_AT + 1;

/** Writes how far an origin has come from the beginning of `into` and returns the length. */
export function encodeBeacon(into: Buffer, packet: BeaconPacket): number {
  let at = writeFrameHead(into, PacketType.BEACON, packet, 0);
  at = writeSubject(into, at, packet.token, packet.about);
  at = into.writeUIntBE(packet.highest, at, 6);
  return into.writeUIntBE(packet.floor, at, 6);
}

export function decodeBeacon(bytes: Buffer, sender: NodeId): BeaconPacket | Refusal {
  const refusal = refuseFrame(bytes, BEACON_BYTES);
  if (refusal !== undefined) return refusal;
  return {
    kind: 'beacon',
    sender,
    clusterTag: readClusterTag(bytes),
    nonce: readNonce(bytes),
    token: bytes.readUInt32BE(TOKEN_AT),
    about: readNodeId(bytes, SUBJECT_AT),
    highest: bytes.readUIntBE(BEACON_HIGHEST_AT, 6),
    floor: bytes.readUIntBE(BEACON_FLOOR_AT, 6),
  };
}

/**
 * Writes a request for repair from the beginning of `into` and returns its length. Ranges beyond `MAX_NACK_RANGES`, and
 * what a range has beyond 65,535 sequences, are left out: they need a packet of their own.
 */
export function encodeNack(into: Buffer, packet: NackPacket): number {
  const count = Math.min(packet.ranges.length, MAX_NACK_RANGES);
  let at = writeFrameHead(into, PacketType.NACK, packet, 0);
  at = writeSubject(into, at, packet.token, packet.about);
  at = into.writeUInt8(count, at);
  for (let index = 0; index < count; index += 1) {
    const range = packet.ranges[index]!;
    at = into.writeUIntBE(range.from, at, 6);
    at = into.writeUInt16BE(Math.min(range.count, MAX_RANGE_LENGTH), at);
  }
  return at;
}

export function decodeNack(bytes: Buffer, sender: NodeId): NackPacket | Refusal {
  const refusal = refuseFrame(bytes, RANGES_AT);
  if (refusal !== undefined) return refusal;
  const rangeCount = bytes[RANGE_COUNT_AT]!;
  const end = RANGES_AT + rangeCount * RANGE_BYTES;
  if (end > bytes.length) return REFUSAL.TOO_SHORT;
  if (rangeCount > MAX_NACK_RANGES) return REFUSAL.MALFORMED;
  const ranges: SequenceRange[] = [];
  for (let at = RANGES_AT; at < end; at += RANGE_BYTES) {
    const count = bytes.readUInt16BE(at + 6);
    if (count === 0) return REFUSAL.MALFORMED;
    ranges.push({ from: bytes.readUIntBE(at, 6), count });
  }
  return {
    kind: 'nack',
    sender,
    clusterTag: readClusterTag(bytes),
    nonce: readNonce(bytes),
    token: bytes.readUInt32BE(TOKEN_AT),
    about: readNodeId(bytes, SUBJECT_AT),
    ranges,
  };
}

/** Writes how far the sender has come with the addressee from the beginning of `into` and returns the length. */
export function encodeAck(into: Buffer, packet: AckPacket): number {
  let at = writeFrameHead(into, PacketType.ACK, packet, 0);
  at = into.writeUIntBE(packet.contiguous, at, 6);
  at = into.writeUIntBE(packet.highest, at, 6);
  return into.writeUInt32BE(packet.windowBytes, at);
}

export function decodeAck(bytes: Buffer, sender: NodeId): AckPacket | Refusal {
  const refusal = refuseFrame(bytes, ACK_BYTES);
  if (refusal !== undefined) return refusal;
  return {
    kind: 'ack',
    sender,
    clusterTag: readClusterTag(bytes),
    nonce: readNonce(bytes),
    contiguous: bytes.readUIntBE(ACK_CONTIGUOUS_AT, 6),
    highest: bytes.readUIntBE(ACK_HIGHEST_AT, 6),
    windowBytes: bytes.readUInt32BE(ACK_WINDOW_AT),
  };
}

/** What a repair says of itself. */
export interface RepairHead extends FrameOrigin {
  readonly toGroup: boolean;
}

/** The datagram that a repair repeats. */
export interface RepairedDatagram {
  readonly origin: NodeId;
  /** Its second byte. */
  readonly type: number;
  /** All of it behind the header, trailer included. */
  readonly body: Buffer;
}

/**
 * Writes a repair from the beginning of `into` and returns its length. The body is copied as it is: it is the word of
 * its origin. It must fit, as that of every datagram of up to `MAX_EVENT_DATAGRAM_BYTES` does.
 */
export function encodeRepair(into: Buffer, head: RepairHead, original: RepairedDatagram): number {
  let at = writeFrameHead(into, PacketType.REPAIR, head, head.toGroup ? REPAIR_TO_GROUP : 0);
  at = writeNodeId(original.origin, into, at);
  at = into.writeUInt8(original.type, at);
  return at + original.body.copy(into, at);
}

export function decodeRepair(bytes: Buffer, sender: NodeId): RepairPacket | Refusal {
  const refusal = refuseFrame(bytes, REPAIR_BODY_AT);
  if (refusal !== undefined) return refusal;
  const event = decodeRepaired(bytes);
  if (event.kind === 'refused') return event;
  return {
    kind: 'repair',
    sender,
    clusterTag: readClusterTag(bytes),
    nonce: readNonce(bytes),
    toGroup: (readFlags(bytes) & REPAIR_TO_GROUP) !== 0,
    event,
  };
}

function decodeRepaired(bytes: Buffer): SequencedPacket | Refusal {
  const origin = readNodeId(bytes, REPAIR_ORIGIN_AT);
  // Here the body begins where that of its own datagram would. What stands before it is nobody's header, and not read.
  const original = bytes.subarray(REPAIR_BODY_AT - HEADER_BYTES);
  switch (bytes[REPAIR_TYPE_AT]) {
    case PacketType.BATCH: {
      const batch = decodeBatch(original, origin);
      if (batch.kind === 'refused') return batch;
      const { trailer } = batch;
      // v1's have no sequence, and so nothing to repeat them by.
      return trailer === undefined ? REFUSAL.MALFORMED : { ...batch, trailer };
    }
    case PacketType.MATCHING:
      return decodeMatching(original, origin);
    case PacketType.BUCKETS:
      return decodeBuckets(original, origin);
    case PacketType.REQUEST:
      return decodeRequest(original, origin);
    case PacketType.FRAGMENT:
      return decodeFragment(original, origin);
    default:
      return REFUSAL.MALFORMED;
  }
}
