import { assertNever } from '../primitives/assert-never.js';
import { encodeLeave, encodePing, encodePingRequest, encodePong } from '../wire/control-codec.js';
import { encodeHeartbeat } from '../wire/heartbeat-codec.js';
import { encodeHello } from '../wire/hello-codec.js';
import { encodePeers } from '../wire/peers-codec.js';
import { encodeReply, encodeReplyRequest } from '../wire/request-codec.js';
import { encodeReceipt, encodeReceiptRequest } from '../wire/receipt-codec.js';
import { encodeAck, encodeBeacon, encodeNack, encodeRepair } from '../wire/repair-codec.js';
import { encodeResync, encodeResyncRequest } from '../wire/resync-codec.js';
import type { ControlPacket } from './outbox.js';

type AnswerPacket = ControlPacket & { readonly kind: 'receipt' | 'receipt-request' | 'reply' | 'reply-request' };

/** Lays a frame out from the beginning of `into` and returns its length. */
export function encodeFrame(into: Buffer, packet: ControlPacket, wallClockMs: number): number {
  switch (packet.kind) {
    case 'heartbeat':
      return encodeHeartbeat(
        into,
        packet.trailer ? { ...packet, trailer: { ...packet.trailer, sentAtMs: wallClockMs } } : packet,
      );
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
    case 'beacon':
      return encodeBeacon(into, packet);
    case 'nack':
      return encodeNack(into, packet);
    case 'ack':
      return encodeAck(into, packet);
    case 'resync-request':
      return encodeResyncRequest(into, packet);
    case 'resync':
      return encodeResync(into, packet);
    case 'repeat':
      return encodeRepair(into, packet.head, packet.original);
    default:
      return encodeAnswer(into, packet);
  }
}

/** What passes between who asks and who answers. */
function encodeAnswer(into: Buffer, packet: AnswerPacket): number {
  switch (packet.kind) {
    case 'receipt':
      return encodeReceipt(into, packet);
    case 'receipt-request':
      return encodeReceiptRequest(into, packet);
    case 'reply':
      return encodeReply(into, packet);
    case 'reply-request':
      return encodeReplyRequest(into, packet);
    default:
      return assertNever(packet);
  }
}
