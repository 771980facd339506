import type { NodeId } from '../primitives/node-id.js';
import type { ControlFrame } from './control-frame.js';
import type { KeyAttachment } from './key-attachment.js';
import type { Trailer } from './packet.js';
import type { SequenceRange } from './repair-packet.js';

/** Questions to everyone, laid out as a batch. Each has an ask token, which answers name. Only extended nodes send it. */
export interface RequestPacket {
  readonly kind: 'request';
  readonly sender: NodeId;
  /** What is asked: literal. */
  readonly keys: readonly string[];
  readonly attachments: ReadonlyMap<number, KeyAttachment> | undefined;
  readonly trailer: Trailer;
}

/** A part of an answer, to who asked. */
export interface ReplyPacket extends ControlFrame {
  readonly kind: 'reply';
  /** That of the question. */
  readonly token: number;
  /** Of all parts of this answer, from 0. */
  readonly index: number;
  /** The next part belongs to the same value. */
  readonly continues: boolean;
  /** The value is the reason of a failure. */
  readonly isError: boolean;
  readonly bytes: Buffer;
}

/** Asks for parts of an answer that did not arrive. With no ranges: nobody waits for the answer any more. */
export interface ReplyRequestPacket extends ControlFrame {
  readonly kind: 'reply-request';
  readonly token: number;
  readonly ranges: readonly SequenceRange[];
}
