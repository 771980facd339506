import type { NodeId } from '../primitives/node-id.js';
import { writeHeader } from './header.js';
import { type HeartbeatPacket, PacketType } from './packet.js';
import { REFUSAL, type Refusal } from './refusal.js';
import { findSingleKeyEnd, SINGLE_KEY_AT, writeSingleKey } from './single-key.js';
import { readText } from './text.js';
import { readTail } from './trailer-decoder.js';
import {
  roomForHeard,
  writeClusterTlv,
  writeGoneTlv,
  writeHeardTlv,
  writeMembersTlv,
  writeTrailer,
} from './trailer-encoder.js';

/**
 * Writes a heartbeat from the beginning of `into` and returns its length. Without a trailer it is v1's, in which
 * `members` and `heard` have no place. More than `MAX_UNHEARD_COUNT` unheard members are sent as `'all'`, and of what was
 * heard `MAX_HEARD_COUNT` entries.
 */
export function encodeHeartbeat(into: Buffer, packet: HeartbeatPacket): number {
  const { trailer, members, heard, gone } = packet;
  writeHeader(into, PacketType.HEARTBEAT, packet.sender);
  let at = writeSingleKey(into, packet.address);
  if (trailer === undefined) return at;
  at = writeTrailer(into, at, trailer);
  at = writeClusterTlv(into, at, trailer.clusterTag);
  if (members !== undefined) at = writeMembersTlv(into, at, members);
  if (heard !== undefined) at = writeHeardTlv(into, at, heard, roomForHeard(gone?.length ?? 0));
  return gone === undefined ? at : writeGoneTlv(into, at, gone);
}

export function decodeHeartbeat(bytes: Buffer, sender: NodeId): HeartbeatPacket | Refusal {
  const end = findSingleKeyEnd(bytes);
  if (end === undefined) return REFUSAL.TOO_SHORT;
  const address = readText(bytes, SINGLE_KEY_AT, end);
  if (address === undefined) return REFUSAL.MALFORMED;
  const tail = readTail(bytes, end, 0);
  if (tail.kind === 'refused') return tail;
  const { trailer, members, heard, gone } = tail;
  return { kind: 'heartbeat', sender, address, trailer, members, heard, gone };
}
