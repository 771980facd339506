import { NODE_ID_BYTES, type NodeId, writeNodeId } from '../primitives/node-id.js';
import { FRAME_BODY_AT } from './frame-head.js';

/** Where a frame that asks of a node, or answers so, has its token. */
export const TOKEN_AT = FRAME_BODY_AT;

/** And where the node that it is about. */
export const SUBJECT_AT = TOKEN_AT + 4;

export const SUBJECT_END = SUBJECT_AT + NODE_ID_BYTES;

/** Writes token and node and returns the offset behind them. */
export function writeSubject(into: Buffer, offset: number, token: number, subject: NodeId): number {
  return writeNodeId(subject, into, into.writeUInt32BE(token, offset));
}
