import type { NodeId } from '../primitives/node-id.js';
import type { ControlFrame } from './control-frame.js';

export interface PingPacket extends ControlFrame {
  readonly kind: 'ping';
  /** Chosen by the asker, returned by the answer. */
  readonly token: number;
  /** The node that is meant to live at the address; another one there says so by its own id. */
  readonly target: NodeId;
}

/** Asks a member to ping another member. */
export interface PingRequestPacket extends ControlFrame {
  readonly kind: 'ping-request';
  readonly token: number;
  readonly target: NodeId;
}

export interface PongPacket extends ControlFrame {
  readonly kind: 'pong';
  readonly token: number;
  /** Whose life this attests: the sender's own, or that of the node it was asked to ping. */
  readonly about: NodeId;
  readonly hearsGroup: boolean;
  readonly highest: number;
}
