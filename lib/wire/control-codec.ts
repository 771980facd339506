import { type NodeId, readNodeId } from '../primitives/node-id.js';
import { FRAME_BODY_AT, readClusterTag, readFlags, readNonce, refuseFrame, writeFrameHead } from './frame-head.js';
import { SUBJECT_AT, SUBJECT_END, TOKEN_AT, writeSubject } from './frame-subject.js';
import { type LeavePacket, PacketType } from './packet.js';
import type { PingPacket, PingRequestPacket, PongPacket } from './probe-packet.js';
import type { Refusal } from './refusal.js';

const PONG_HEARS_GROUP = 2;

const LEAVE_HIGHEST_AT = FRAME_BODY_AT;
const LEAVE_BYTES = LEAVE_HIGHEST_AT + 6;

// Ping and ping request.
const PING_BYTES = SUBJECT_END;
const PONG_HIGHEST_AT = SUBJECT_END;
const PONG_BYTES = PONG_HIGHEST_AT + 6;

/** Writes a goodbye from the beginning of `into` and returns its length. */
export function encodeLeave(into: Buffer, packet: LeavePacket): number {
  const at = writeFrameHead(into, PacketType.LEAVE, packet, 0);
  return into.writeUIntBE(packet.highest, at, 6);
}

export function decodeLeave(bytes: Buffer, sender: NodeId): LeavePacket | Refusal {
  const refusal = refuseFrame(bytes, LEAVE_BYTES);
  if (refusal !== undefined) return refusal;
  const highest = bytes.readUIntBE(LEAVE_HIGHEST_AT, 6);
  return { kind: 'leave', sender, clusterTag: readClusterTag(bytes), nonce: readNonce(bytes), highest };
}

/** Writes a probe from the beginning of `into` and returns its length. */
export function encodePing(into: Buffer, packet: PingPacket): number {
  const at = writeFrameHead(into, PacketType.PING, packet, 0);
  return writeSubject(into, at, packet.token, packet.target);
}

export function decodePing(bytes: Buffer, sender: NodeId): PingPacket | Refusal {
  const refusal = refuseFrame(bytes, PING_BYTES);
  if (refusal !== undefined) return refusal;
  const token = bytes.readUInt32BE(TOKEN_AT);
  const target = readNodeId(bytes, SUBJECT_AT);
  return { kind: 'ping', sender, clusterTag: readClusterTag(bytes), nonce: readNonce(bytes), token, target };
}

/** Writes the request to probe another member from the beginning of `into` and returns its length. */
export function encodePingRequest(into: Buffer, packet: PingRequestPacket): number {
  const at = writeFrameHead(into, PacketType.PING_REQ, packet, 0);
  return writeSubject(into, at, packet.token, packet.target);
}

export function decodePingRequest(bytes: Buffer, sender: NodeId): PingRequestPacket | Refusal {
  const refusal = refuseFrame(bytes, PING_BYTES);
  if (refusal !== undefined) return refusal;
  const token = bytes.readUInt32BE(TOKEN_AT);
  const target = readNodeId(bytes, SUBJECT_AT);
  return { kind: 'ping-request', sender, clusterTag: readClusterTag(bytes), nonce: readNonce(bytes), token, target };
}

/** Writes the answer to a probe from the beginning of `into` and returns its length. */
export function encodePong(into: Buffer, packet: PongPacket): number {
  let at = writeFrameHead(into, PacketType.PONG, packet, packet.hearsGroup ? PONG_HEARS_GROUP : 0);
  at = writeSubject(into, at, packet.token, packet.about);
  return into.writeUIntBE(packet.highest, at, 6);
}

export function decodePong(bytes: Buffer, sender: NodeId): PongPacket | Refusal {
  const refusal = refuseFrame(bytes, PONG_BYTES);
  if (refusal !== undefined) return refusal;
  return {
    kind: 'pong',
    sender,
    clusterTag: readClusterTag(bytes),
    nonce: readNonce(bytes),
    token: bytes.readUInt32BE(TOKEN_AT),
    about: readNodeId(bytes, SUBJECT_AT),
    hearsGroup: (readFlags(bytes) & PONG_HEARS_GROUP) !== 0,
    highest: bytes.readUIntBE(PONG_HIGHEST_AT, 6),
  };
}
