import type { NodeId } from '../primitives/node-id.js';
import { ENDPOINT_BYTES, readAdvertised, writeEndpoint } from './frame-endpoint.js';
import { FRAME_BODY_AT, readClusterTag, readFlags, readNonce, refuseFrame, writeFrameHead } from './frame-head.js';
import { MEMBER_SET_BYTES, readMemberSet, writeMemberSet } from './member-set.js';
import { type HelloPacket, PacketType } from './packet.js';
import { REFUSAL, type Refusal } from './refusal.js';
import { readText } from './text.js';

const HelloFlag = { VERIFIED: 1, HEARS_GROUP: 2, TO_GROUP: 4, CLIENT: 8 } as const;

const ECHO_AT = FRAME_BODY_AT;
const HEARTBEAT_AT = ECHO_AT + 8;
const HIGHEST_AT = HEARTBEAT_AT + 2;
const FLOOR_AT = HIGHEST_AT + 6;
const MEMBERS_AT = FLOOR_AT + 6;
const ADVERTISED_AT = MEMBERS_AT + MEMBER_SET_BYTES;
/** Zone, and behind it cluster: each a length of one byte and the text. */
const ZONE_AT = ADVERTISED_AT + ENDPOINT_BYTES;

/** Bounds of the options of these names. */
export const MAX_ZONE_BYTES = 32;
export const MAX_CLUSTER_BYTES = 64;

/** Writes a greeting, or the answer to one, from the beginning of `into` and returns its length: at most 166 bytes. */
export function encodeHello(into: Buffer, packet: HelloPacket): number {
  const type = packet.kind === 'hello' ? PacketType.HELLO : PacketType.HELLO_ACK;
  let at = writeFrameHead(into, type, packet, helloFlags(packet));
  at = into.writeBigUInt64BE(packet.echo, at);
  at = into.writeUInt16BE(packet.heartbeatMs, at);
  at = into.writeUIntBE(packet.highest, at, 6);
  at = into.writeUIntBE(packet.floor, at, 6);
  at = writeMemberSet(into, at, packet.members);
  at = writeEndpoint(into, at, packet.advertised);
  at = writeShortText(into, at, packet.zone ?? '', MAX_ZONE_BYTES);
  return writeShortText(into, at, packet.cluster, MAX_CLUSTER_BYTES);
}

export function decodeHello(bytes: Buffer, kind: HelloPacket['kind'], sender: NodeId): HelloPacket | Refusal {
  const refusal = refuseFrame(bytes, ZONE_AT);
  if (refusal !== undefined) return refusal;
  const clusterAt = endOfShortText(bytes, ZONE_AT);
  if (clusterAt > bytes.length || endOfShortText(bytes, clusterAt) > bytes.length) return REFUSAL.TOO_SHORT;
  const zone = readShortText(bytes, ZONE_AT, MAX_ZONE_BYTES);
  const cluster = readShortText(bytes, clusterAt, MAX_CLUSTER_BYTES);
  const advertised = readAdvertised(bytes, ADVERTISED_AT);
  if (zone === undefined || cluster === undefined || cluster === '' || advertised === undefined) {
    return REFUSAL.MALFORMED;
  }
  const flags = readFlags(bytes);
  return {
    kind,
    sender,
    clusterTag: readClusterTag(bytes),
    nonce: readNonce(bytes),
    echo: bytes.readBigUInt64BE(ECHO_AT),
    verified: (flags & HelloFlag.VERIFIED) !== 0,
    hearsGroup: (flags & HelloFlag.HEARS_GROUP) !== 0,
    toGroup: (flags & HelloFlag.TO_GROUP) !== 0,
    client: (flags & HelloFlag.CLIENT) !== 0,
    heartbeatMs: bytes.readUInt16BE(HEARTBEAT_AT),
    highest: bytes.readUIntBE(HIGHEST_AT, 6),
    floor: bytes.readUIntBE(FLOOR_AT, 6),
    members: readMemberSet(bytes, MEMBERS_AT),
    advertised,
    zone: zone === '' ? undefined : zone,
    cluster,
  };
}

function helloFlags(packet: HelloPacket): number {
  return (
    (packet.verified ? HelloFlag.VERIFIED : 0) |
    (packet.hearsGroup ? HelloFlag.HEARS_GROUP : 0) |
    (packet.toGroup ? HelloFlag.TO_GROUP : 0) |
    (packet.client ? HelloFlag.CLIENT : 0)
  );
}

/** Writes a text behind a length of one byte and returns the offset behind it. */
function writeShortText(into: Buffer, offset: number, text: string, maxBytes: number): number {
  const textBytes = into.write(text, offset + 1, maxBytes, 'utf8');
  into[offset] = textBytes;
  return offset + 1 + textBytes;
}

/** Where the text ends whose length stands at `offset`: behind the end of the datagram if it holds less. */
function endOfShortText(bytes: Buffer, offset: number): number {
  return offset + 1 + (bytes[offset] ?? 0);
}

function readShortText(bytes: Buffer, offset: number, maxBytes: number): string | undefined {
  const textBytes = bytes[offset]!;
  return textBytes > maxBytes ? undefined : readText(bytes, offset + 1, offset + 1 + textBytes);
}
