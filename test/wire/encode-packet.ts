import { assertNever } from '../../lib/primitives/assert-never.js';
import { BatchWriter } from '../../lib/wire/batch-writer.js';
import { encodeReply, encodeReplyRequest } from '../../lib/wire/request-codec.js';
import type { RequestPacket } from '../../lib/wire/request-packet.js';
import { encodeReceipt, encodeReceiptRequest } from '../../lib/wire/receipt-codec.js';
import { encodeLeave, encodePing, encodePingRequest, encodePong } from '../../lib/wire/control-codec.js';
import { encodeFragment } from '../../lib/wire/fragment-codec.js';
import { encodeHeartbeat } from '../../lib/wire/heartbeat-codec.js';
import { encodeHello } from '../../lib/wire/hello-codec.js';
import { encodeInvalidate } from '../../lib/wire/invalidate-codec.js';
import type { KeyAttachment } from '../../lib/wire/key-attachment.js';
import {
  type BatchPacket,
  HEADER_BYTES,
  type MatchingPacket,
  MAX_EVENT_DATAGRAM_BYTES,
  type Packet,
  PacketType,
  type RepairPacket,
} from '../../lib/wire/packet.js';
import { encodePeers } from '../../lib/wire/peers-codec.js';
import { encodeAck, encodeBeacon, encodeNack, encodeRepair } from '../../lib/wire/repair-codec.js';
import { encodeBuckets, encodeResync, encodeResyncRequest } from '../../lib/wire/resync-codec.js';

const writer = new BatchWriter();
type ReliabilityPacket = Extract<
  Packet,
  { readonly kind: 'beacon' | 'nack' | 'ack' | 'repair' | 'resync-request' | 'resync' }
>;

const ZERO_TRAILER = { sequence: 0, floor: 0, sentAtMs: 0, clusterTag: undefined };

/**
 * Writes any packet and returns its length; `undefined` for one that the library has no way to send: of an unknown type,
 * or longer than a datagram. A batch without a trailer gets one of zeros.
 */
export function encodePacket(into: Buffer, packet: Packet): number | undefined {
  switch (packet.kind) {
    case 'invalidate':
      return encodeInvalidate(into, packet);
    case 'heartbeat':
      return encodeHeartbeat(into, packet);
    case 'batch':
    case 'matching':
      return encodeKeys(into, packet);
    case 'buckets':
      return encodeBuckets(into, packet);
    case 'hello':
    case 'hello-ack':
      return encodeHello(into, packet);
    case 'beacon':
    case 'nack':
    case 'ack':
    case 'repair':
    case 'resync-request':
    case 'resync':
      return encodeReliability(into, packet);
    case 'leave':
      return encodeLeave(into, packet);
    case 'ping':
      return encodePing(into, packet);
    case 'ping-request':
      return encodePingRequest(into, packet);
    case 'pong':
      return encodePong(into, packet);
    case 'peers':
      return encodePeers(into, packet);
    case 'request':
      return encodeKeys(into, packet);
    case 'fragment':
      return encodeFragment(into, packet);
    case 'reply':
      return encodeReply(into, packet);
    case 'reply-request':
      return encodeReplyRequest(into, packet);
    case 'receipt':
      return encodeReceipt(into, packet);
    case 'receipt-request':
      return encodeReceiptRequest(into, packet);
    case 'unknown':
      return undefined;
    default:
      return assertNever(packet);
  }
}

function encodeReliability(into: Buffer, packet: ReliabilityPacket): number | undefined {
  switch (packet.kind) {
    case 'beacon':
      return encodeBeacon(into, packet);
    case 'nack':
      return encodeNack(into, packet);
    case 'ack':
      return encodeAck(into, packet);
    case 'repair':
      return encodeRepairOf(into, packet);
    case 'resync-request':
      return encodeResyncRequest(into, packet);
    case 'resync':
      return encodeResync(into, packet);
    default:
      return assertNever(packet);
  }
}

/** The datagram is laid out once more, as its origin would, and then put into the repair. */
function encodeRepairOf(into: Buffer, packet: RepairPacket): number | undefined {
  const original = Buffer.alloc(MAX_EVENT_DATAGRAM_BYTES);
  const length = encodePacket(original, packet.event);
  if (length === undefined) return undefined;
  const body = original.subarray(HEADER_BYTES, length);
  return encodeRepair(into, packet, { origin: packet.event.sender, type: original[1]!, body });
}

const KEYS_TYPE = { batch: PacketType.BATCH, matching: PacketType.MATCHING, request: PacketType.REQUEST } as const;

function encodeKeys(into: Buffer, packet: BatchPacket | MatchingPacket | RequestPacket): number | undefined {
  const { sequence, floor, sentAtMs, clusterTag } = packet.trailer ?? ZERO_TRAILER;
  const keys = packet.kind === 'matching' ? packet.patterns : packet.keys;
  const attachments = packet.kind === 'matching' ? undefined : packet.attachments;
  writer.begin(into, KEYS_TYPE[packet.kind], packet.sender, clusterTag);
  for (const [index, key] of keys.entries()) {
    const attachment = attachments?.get(index);
    if (!tryAdd(key, attachment)) return undefined;
  }
  return writer.finish(sequence, floor, sentAtMs);
}

function tryAdd(key: string, attachment: KeyAttachment | undefined): boolean {
  const content = attachment?.content;
  if (content !== undefined) return writer.tryAddFragmented(key, attachment?.ask, content);
  return writer.tryAdd(key, attachment?.data, attachment?.metadata, attachment?.ask);
}
