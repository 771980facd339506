import type { NodeId } from '../primitives/node-id.js';
import { writeHeader } from './header.js';
import { type InvalidatePacket, PacketType } from './packet.js';
import { REFUSAL, type Refusal } from './refusal.js';
import { findSingleKeyEnd, SINGLE_KEY_AT, writeSingleKey } from './single-key.js';
import { readText } from './text.js';

/**
 * Writes the one-key packet of v1 from the beginning of `into` and returns its length. This library reads these and
 * never sends one, as a batch of one is shorter; it is for those who speak in the place of a v1 node, in tests and tools.
 */
export function encodeInvalidate(into: Buffer, packet: InvalidatePacket): number {
  writeHeader(into, PacketType.INVALIDATE, packet.sender);
  return writeSingleKey(into, packet.key);
}

export function decodeInvalidate(bytes: Buffer, sender: NodeId): InvalidatePacket | Refusal {
  const end = findSingleKeyEnd(bytes);
  if (end === undefined) return REFUSAL.TOO_SHORT;
  const key = readText(bytes, SINGLE_KEY_AT, end);
  return key === undefined ? REFUSAL.MALFORMED : { kind: 'invalidate', sender, key };
}
