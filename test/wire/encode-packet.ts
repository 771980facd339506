import { assertNever } from '../../lib/primitives/assert-never.js';
import { BatchWriter } from '../../lib/wire/batch-writer.js';
import { encodeLeave, encodePing, encodePingRequest, encodePong } from '../../lib/wire/control-codec.js';
import { encodeHeartbeat } from '../../lib/wire/heartbeat-codec.js';
import { encodeHello } from '../../lib/wire/hello-codec.js';
import { encodeInvalidate } from '../../lib/wire/invalidate-codec.js';
import { type BatchPacket, type MatchingPacket, type Packet, PacketType } from '../../lib/wire/packet.js';
import { encodePeers } from '../../lib/wire/peers-codec.js';

const writer = new BatchWriter();
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
    case 'hello':
    case 'hello-ack':
      return encodeHello(into, packet);
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
    case 'unknown':
      return undefined;
    default:
      return assertNever(packet);
  }
}

function encodeKeys(into: Buffer, packet: BatchPacket | MatchingPacket): number | undefined {
  const { sequence, floor, sentAtMs, clusterTag } = packet.trailer ?? ZERO_TRAILER;
  const keys = packet.kind === 'batch' ? packet.keys : packet.patterns;
  const attachments = packet.kind === 'batch' ? packet.attachments : undefined;
  writer.begin(into, packet.kind === 'batch' ? PacketType.BATCH : PacketType.MATCHING, packet.sender, clusterTag);
  for (const [index, key] of keys.entries()) {
    const attachment = attachments?.get(index);
    if (!writer.tryAdd(key, attachment?.data, attachment?.metadata)) return undefined;
  }
  return writer.finish(sequence, floor, sentAtMs);
}
