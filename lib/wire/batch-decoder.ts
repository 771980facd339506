import type { NodeId } from '../primitives/node-id.js';
import { KEY_COUNT_AT, KEY_HEAD_BYTES, KEYS_AT } from './batch-layout.js';
import type { BatchPacket, MatchingPacket } from './packet.js';
import { REFUSAL, type Refusal } from './refusal.js';
import { readText } from './text.js';
import { readTail } from './trailer-decoder.js';

export function decodeBatch(bytes: Buffer, sender: NodeId): BatchPacket | Refusal {
  const keysEnd = findKeysEnd(bytes);
  if (keysEnd === undefined) return REFUSAL.TOO_SHORT;
  const keys = readKeys(bytes, keysEnd);
  if (keys === undefined) return REFUSAL.MALFORMED;
  const tail = readTail(bytes, keysEnd, keys.length);
  if (tail.kind === 'refused') return tail;
  return { kind: 'batch', sender, keys, attachments: tail.attachments, trailer: tail.trailer };
}

/** Laid out as a batch, and never a v1 node's: the trailer must be there. */
export function decodeMatching(bytes: Buffer, sender: NodeId): MatchingPacket | Refusal {
  const keysEnd = findKeysEnd(bytes);
  if (keysEnd === undefined) return REFUSAL.TOO_SHORT;
  const patterns = readKeys(bytes, keysEnd);
  if (patterns === undefined) return REFUSAL.MALFORMED;
  const tail = readTail(bytes, keysEnd, patterns.length);
  if (tail.kind === 'refused') return tail;
  if (tail.trailer === undefined) return REFUSAL.MALFORMED;
  return { kind: 'matching', sender, patterns, trailer: tail.trailer };
}

/**
 * Walks over the declared keys before anything is allocated for them: a count costs its sender two bytes, and must not
 * cost an array here.
 */
function findKeysEnd(bytes: Buffer): number | undefined {
  if (bytes.length < KEYS_AT) return undefined;
  const count = bytes.readUInt16BE(KEY_COUNT_AT);
  let at = KEYS_AT;
  for (let index = 0; index < count; index += 1) {
    if (at + KEY_HEAD_BYTES > bytes.length) return undefined;
    at += KEY_HEAD_BYTES + keyBytesAt(bytes, at);
  }
  return at > bytes.length ? undefined : at;
}

function readKeys(bytes: Buffer, keysEnd: number): string[] | undefined {
  const keys: string[] = [];
  let at = KEYS_AT;
  while (at < keysEnd) {
    const start = at + KEY_HEAD_BYTES;
    at = start + keyBytesAt(bytes, at);
    const key = readText(bytes, start, at);
    if (key === undefined) return undefined;
    keys.push(key);
  }
  return keys;
}

/** As `readUInt16BE`, whose checks take a fifth of all that decoding takes; the caller knows that the bytes are there. */
function keyBytesAt(bytes: Buffer, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}
