import type { Endpoint } from '../primitives/endpoint.js';
import { Fifo } from '../primitives/fifo.js';
import type { RepairedDatagram, RepairHead } from '../wire/repair-codec.js';
import type { HeartbeatPacket, HelloPacket, LeavePacket, PeersPacket } from '../wire/packet.js';
import type { PingPacket, PingRequestPacket, PongPacket } from '../wire/probe-packet.js';
import type { ReplyPacket, ReplyRequestPacket } from '../wire/request-packet.js';
import type { ReceiptPacket, ReceiptRequestPacket } from '../wire/receipt-packet.js';
import type { AckPacket, BeaconPacket, NackPacket, ResyncPacket, ResyncRequestPacket } from '../wire/repair-packet.js';

/** A datagram that is repeated as it was. */
export interface RepeatedDatagram {
  readonly kind: 'repeat';
  readonly head: RepairHead;
  readonly original: RepairedDatagram;
}

/** The frames that keep the membership and repair what was missed, as against those that carry new events. */
export type ControlPacket =
  | HeartbeatPacket
  | HelloPacket
  | LeavePacket
  | PingPacket
  | PingRequestPacket
  | PongPacket
  | PeersPacket
  | BeaconPacket
  | NackPacket
  | AckPacket
  | ResyncRequestPacket
  | ResyncPacket
  | ReceiptPacket
  | ReceiptRequestPacket
  | ReplyPacket
  | ReplyRequestPacket
  | RepeatedDatagram;

export interface OutgoingFrame {
  readonly packet: ControlPacket;
  readonly toGroup: boolean;
  readonly to: readonly Endpoint[];
}

const NOBODY: readonly Endpoint[] = [];

/** Control frames that wait for `pollTransmit`. It is drained after every input, so it is as long as one input makes it. */
export class Outbox {
  readonly #frames = new Fifo<OutgoingFrame>();

  toOne(packet: ControlPacket, endpoint: Endpoint): void {
    this.#frames.push({ packet, toGroup: false, to: [endpoint] });
  }

  toGroup(packet: ControlPacket): void {
    this.#frames.push({ packet, toGroup: true, to: NOBODY });
  }

  toMany(packet: ControlPacket, toGroup: boolean, to: readonly Endpoint[]): void {
    if (toGroup || to.length > 0) this.#frames.push({ packet, toGroup, to });
  }

  take(): OutgoingFrame | undefined {
    return this.#frames.take();
  }
}
