import type { Endpoint } from '../primitives/endpoint.js';
import { Fifo } from '../primitives/fifo.js';
import type {
  HeartbeatPacket,
  HelloPacket,
  LeavePacket,
  PeersPacket,
  PingPacket,
  PingRequestPacket,
  PongPacket,
} from '../wire/packet.js';

/** The frames that keep the membership, as against those that carry events. */
export type ControlPacket =
  HeartbeatPacket | HelloPacket | LeavePacket | PingPacket | PingRequestPacket | PongPacket | PeersPacket;

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
