import type { NodeId } from '../primitives/node-id.js';
import { writeHeader } from './header.js';
import { HEADER_BYTES, MAX_WIRE_BYTES, PacketType, SEAL_EXTRA_BYTES } from './packet.js';
import type { SealedPacket } from './sealed-packet.js';
import { REFUSAL, type Refusal } from './refusal.js';

const KEY_ID_AT = HEADER_BYTES;
const CLUSTER_TAG_AT = KEY_ID_AT + 1;
const COUNTER_AT = CLUSTER_TAG_AT + 2;
const COUNTER_BYTES = 6;

/** Where the ciphertext begins: all before it is authenticated and not encrypted. */
export const SEALED_TEXT_AT = COUNTER_AT + COUNTER_BYTES;

/** Type and body of a datagram are sealed; magic and node id are said outside. The type moves next to the body. */
export const SEALED_FROM = HEADER_BYTES - 1;

/** The shortest one that holds a type. */
const SEALED_BYTES = HEADER_BYTES + SEAL_EXTRA_BYTES;

/** Writes what is authenticated and not encrypted. */
export function writeSealedHeader(into: Buffer, packet: Omit<SealedPacket, 'kind'>): void {
  writeHeader(into, PacketType.SEALED, packet.sender);
  into[KEY_ID_AT] = packet.keyId;
  into.writeUInt16BE(packet.clusterTag & 0xffff, CLUSTER_TAG_AT);
  into.writeUIntBE(packet.counter, COUNTER_AT, COUNTER_BYTES);
}

/** What a sealed datagram says outside of what is sealed. */
export function decodeSealed(bytes: Buffer, sender: NodeId): SealedPacket | Refusal {
  if (bytes.length < SEALED_BYTES) return REFUSAL.TOO_SHORT;
  // Nobody sends one; to open it would cost more than all others do.
  if (bytes.length > MAX_WIRE_BYTES) return REFUSAL.MALFORMED;
  return {
    kind: 'sealed',
    sender,
    keyId: bytes[KEY_ID_AT]!,
    clusterTag: bytes.readUInt16BE(CLUSTER_TAG_AT),
    counter: bytes.readUIntBE(COUNTER_AT, COUNTER_BYTES),
  };
}
