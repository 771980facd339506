import { NODE_ID_BYTES, type NodeId, readNodeId, writeNodeId } from '../primitives/node-id.js';
import { ENDPOINT_BYTES, readEndpoint, writeEndpoint } from './frame-endpoint.js';
import { FRAME_BODY_AT, readClusterTag, readFlags, readNonce, refuseFrame, writeFrameHead } from './frame-head.js';
import { MEMBER_SET_BYTES, readMemberSet, writeMemberSet } from './member-set.js';
import { MAX_DATAGRAM_BYTES, PacketType, type PeerEntry, type PeersPacket } from './packet.js';
import { REFUSAL, type Refusal } from './refusal.js';

const PEERS_REQUEST = 1;
const ENTRY_CLIENT = 8;

const MEMBERS_AT = FRAME_BODY_AT;
const ENTRY_COUNT_AT = MEMBERS_AT + MEMBER_SET_BYTES;
const ENTRIES_AT = ENTRY_COUNT_AT + 1;

const ENTRY_FLAGS_OFFSET = NODE_ID_BYTES + ENDPOINT_BYTES;
const ENTRY_HIGHEST_OFFSET = ENTRY_FLAGS_OFFSET + 1;
const ENTRY_BYTES = ENTRY_HIGHEST_OFFSET + 6;

/** How many members one datagram can name. */
export const MAX_PEER_ENTRIES = Math.floor((MAX_DATAGRAM_BYTES - ENTRIES_AT) / ENTRY_BYTES);

/**
 * Writes who is known from the beginning of `into` and returns the length. Entries beyond `MAX_PEER_ENTRIES` are left
 * out: they need a packet of their own.
 */
export function encodePeers(into: Buffer, packet: PeersPacket): number {
  const count = Math.min(packet.entries.length, MAX_PEER_ENTRIES);
  let at = writeFrameHead(into, PacketType.PEERS, packet, packet.request ? PEERS_REQUEST : 0);
  at = writeMemberSet(into, at, packet.members);
  at = into.writeUInt8(count, at);
  for (let index = 0; index < count; index += 1) at = writeEntry(into, at, packet.entries[index]!);
  return at;
}

export function decodePeers(bytes: Buffer, sender: NodeId): PeersPacket | Refusal {
  const refusal = refuseFrame(bytes, ENTRIES_AT);
  if (refusal !== undefined) return refusal;
  const end = ENTRIES_AT + bytes[ENTRY_COUNT_AT]! * ENTRY_BYTES;
  if (end > bytes.length) return REFUSAL.TOO_SHORT;
  const entries: PeerEntry[] = [];
  for (let at = ENTRIES_AT; at < end; at += ENTRY_BYTES) {
    const entry = readEntry(bytes, at);
    if (entry === undefined) return REFUSAL.MALFORMED;
    entries.push(entry);
  }
  return {
    kind: 'peers',
    sender,
    clusterTag: readClusterTag(bytes),
    nonce: readNonce(bytes),
    request: (readFlags(bytes) & PEERS_REQUEST) !== 0,
    members: readMemberSet(bytes, MEMBERS_AT),
    entries,
  };
}

function writeEntry(into: Buffer, offset: number, entry: PeerEntry): number {
  let at = writeNodeId(entry.id, into, offset);
  at = writeEndpoint(into, at, entry.endpoint);
  at = into.writeUInt8(entry.client ? ENTRY_CLIENT : 0, at);
  return into.writeUIntBE(entry.highest, at, 6);
}

/** `undefined` for a member that nothing could be sent to. */
function readEntry(bytes: Buffer, offset: number): PeerEntry | undefined {
  const endpoint = readEndpoint(bytes, offset + NODE_ID_BYTES);
  if (endpoint === undefined) return undefined;
  return {
    id: readNodeId(bytes, offset),
    endpoint,
    client: (bytes[offset + ENTRY_FLAGS_OFFSET]! & ENTRY_CLIENT) !== 0,
    highest: bytes.readUIntBE(offset + ENTRY_HIGHEST_OFFSET, 6),
  };
}
