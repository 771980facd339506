import { type NodeId, readNodeId } from '../primitives/node-id.js';
import { decodeBatch, decodeMatching } from './batch-decoder.js';
import { decodeLeave, decodePing, decodePingRequest, decodePong } from './control-codec.js';
import { decodeFragment } from './fragment-codec.js';
import { decodeHeartbeat } from './heartbeat-codec.js';
import { decodeHello } from './hello-codec.js';
import { decodeInvalidate } from './invalidate-codec.js';
import { type Decoded, HEADER_BYTES, MAGIC, PacketType } from './packet.js';
import { decodePeers } from './peers-codec.js';
import { decodeReceipt, decodeReceiptRequest } from './receipt-codec.js';
import { REFUSAL } from './refusal.js';
import { decodeAck, decodeBeacon, decodeNack, decodeRepair } from './repair-codec.js';
import { decodeBuckets, decodeResync, decodeResyncRequest } from './resync-codec.js';
import { decodeReply, decodeReplyRequest, decodeRequest } from './request-codec.js';
import { decodeSealed } from './sealed-codec.js';

/**
 * Reads one datagram, whoever sent it. Never throws, allocates nothing for what a datagram declares and does not hold,
 * and neither keeps nor changes `bytes`: texts and attachments are copies. A sealed one is told apart, not opened.
 */
export function decodePacket(bytes: Buffer): Decoded {
  if (bytes.length > 0 && bytes[0] !== MAGIC) return REFUSAL.WRONG_MAGIC;
  if (bytes.length < HEADER_BYTES) return REFUSAL.TOO_SHORT;
  const type = bytes[1]!;
  const sender = readNodeId(bytes, 2);
  switch (type) {
    case PacketType.BATCH:
      return decodeBatch(bytes, sender);
    case PacketType.HEARTBEAT:
      return decodeHeartbeat(bytes, sender);
    case PacketType.SEALED:
      return decodeSealed(bytes, sender);
    case PacketType.INVALIDATE:
      return decodeInvalidate(bytes, sender);
    case PacketType.MATCHING:
      return decodeMatching(bytes, sender);
    case PacketType.BUCKETS:
      return decodeBuckets(bytes, sender);
    case PacketType.REQUEST:
      return decodeRequest(bytes, sender);
    case PacketType.FRAGMENT:
      return decodeFragment(bytes, sender);
    default:
      return decodeFrame(bytes, type, sender);
  }
}

function decodeFrame(bytes: Buffer, type: number, sender: NodeId): Decoded {
  switch (type) {
    case PacketType.HELLO:
      return decodeHello(bytes, 'hello', sender);
    case PacketType.HELLO_ACK:
      return decodeHello(bytes, 'hello-ack', sender);
    case PacketType.BEACON:
      return decodeBeacon(bytes, sender);
    case PacketType.NACK:
      return decodeNack(bytes, sender);
    case PacketType.ACK:
      return decodeAck(bytes, sender);
    case PacketType.REPAIR:
      return decodeRepair(bytes, sender);
    case PacketType.RESYNC_REQ:
      return decodeResyncRequest(bytes, sender);
    case PacketType.RESYNC:
      return decodeResync(bytes, sender);
    case PacketType.LEAVE:
      return decodeLeave(bytes, sender);
    case PacketType.PING:
      return decodePing(bytes, sender);
    case PacketType.PING_REQ:
      return decodePingRequest(bytes, sender);
    case PacketType.PONG:
      return decodePong(bytes, sender);
    case PacketType.PEERS:
      return decodePeers(bytes, sender);
    case PacketType.RECEIPT:
      return decodeReceipt(bytes, sender);
    case PacketType.RECEIPT_REQ:
      return decodeReceiptRequest(bytes, sender);
    case PacketType.REPLY:
      return decodeReply(bytes, sender);
    case PacketType.REPLY_REQ:
      return decodeReplyRequest(bytes, sender);
    default:
      return { kind: 'unknown', sender, type };
  }
}
