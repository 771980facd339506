import type { NodeId } from '../primitives/node-id.js';
import { FRAME_BODY_AT, readClusterTag, readNonce, refuseFrame, writeFrameHead } from './frame-head.js';
import { MAX_DATAGRAM_BYTES, PacketType } from './packet.js';
import type {
  AskState,
  ReceiptEntry,
  ReceiptPacket,
  ReceiptRequestEntry,
  ReceiptRequestPacket,
} from './receipt-packet.js';
import { REFUSAL, type Refusal } from './refusal.js';

const OUTCOMES: readonly AskState[] = ['ran', 'idle', 'refused', 'covered', 'running'];

const COUNT_AT = FRAME_BODY_AT;
const ENTRIES_AT = COUNT_AT + 2;
const RECEIPT_BYTES = 4 + 1 + 2;
const REQUEST_BYTES = 4 + 6;

/** How many entries one packet has room for. */
export const MAX_RECEIPTS = Math.floor((MAX_DATAGRAM_BYTES - ENTRIES_AT) / RECEIPT_BYTES);
export const MAX_RECEIPT_REQUESTS = Math.floor((MAX_DATAGRAM_BYTES - ENTRIES_AT) / REQUEST_BYTES);

/** Writes receipts from the beginning of `into` and returns the length. Entries beyond `MAX_RECEIPTS` are left out. */
export function encodeReceipt(into: Buffer, packet: ReceiptPacket): number {
  const entries = packet.entries.slice(0, MAX_RECEIPTS);
  let at = into.writeUInt16BE(entries.length, writeFrameHead(into, PacketType.RECEIPT, packet, 0));
  for (const { token, outcome, parts } of entries) {
    at = into.writeUInt8(OUTCOMES.indexOf(outcome), into.writeUInt32BE(token, at));
    at = into.writeUInt16BE(parts, at);
  }
  return at;
}

export function decodeReceipt(bytes: Buffer, sender: NodeId): ReceiptPacket | Refusal {
  const count = readCount(bytes, RECEIPT_BYTES);
  if (typeof count !== 'number') return count;
  const entries: ReceiptEntry[] = [];
  for (let at = ENTRIES_AT; entries.length < count; at += RECEIPT_BYTES) {
    const outcome = OUTCOMES[bytes[at + 4]!];
    if (outcome === undefined) return REFUSAL.MALFORMED;
    entries.push({ token: bytes.readUInt32BE(at), outcome, parts: bytes.readUInt16BE(at + 5) });
  }
  return { kind: 'receipt', sender, clusterTag: readClusterTag(bytes), nonce: readNonce(bytes), entries };
}

/** Writes questions from the beginning of `into`, and returns the length. Those beyond `MAX_RECEIPT_REQUESTS` are left out. */
export function encodeReceiptRequest(into: Buffer, packet: ReceiptRequestPacket): number {
  const entries = packet.entries.slice(0, MAX_RECEIPT_REQUESTS);
  let at = into.writeUInt16BE(entries.length, writeFrameHead(into, PacketType.RECEIPT_REQ, packet, 0));
  for (const { token, sequence } of entries) at = into.writeUIntBE(sequence, into.writeUInt32BE(token, at), 6);
  return at;
}

export function decodeReceiptRequest(bytes: Buffer, sender: NodeId): ReceiptRequestPacket | Refusal {
  const count = readCount(bytes, REQUEST_BYTES);
  if (typeof count !== 'number') return count;
  const entries: ReceiptRequestEntry[] = [];
  for (let at = ENTRIES_AT; entries.length < count; at += REQUEST_BYTES) {
    entries.push({ token: bytes.readUInt32BE(at), sequence: bytes.readUIntBE(at + 4, 6) });
  }
  return { kind: 'receipt-request', sender, clusterTag: readClusterTag(bytes), nonce: readNonce(bytes), entries };
}

/** How many entries of that size are there, as declared. */
function readCount(bytes: Buffer, entryBytes: number): number | Refusal {
  const refusal = refuseFrame(bytes, ENTRIES_AT);
  if (refusal !== undefined) return refusal;
  const count = bytes.readUInt16BE(COUNT_AT);
  return ENTRIES_AT + count * entryBytes > bytes.length ? REFUSAL.TOO_SHORT : count;
}
