import { HEADER_BYTES } from './packet.js';

/** Behind the header: the hash of the key, which v1 sends as 0 and never reads, and the key's length. */
const KEY_LENGTH_AT = HEADER_BYTES + 8;

/** Where the key of an invalidate begins, and the address of a heartbeat. */
export const SINGLE_KEY_AT = KEY_LENGTH_AT + 2;

/** Writes the body that v1 gives to a packet of one key and returns the offset behind it. */
export function writeSingleKey(into: Buffer, key: string): number {
  into.fill(0, HEADER_BYTES, KEY_LENGTH_AT);
  const keyBytes = into.write(key, SINGLE_KEY_AT, 'utf8');
  into.writeUInt16BE(keyBytes, KEY_LENGTH_AT);
  return SINGLE_KEY_AT + keyBytes;
}

/** Where the key ends, or `undefined` if the datagram ends before. */
export function findSingleKeyEnd(bytes: Buffer): number | undefined {
  if (bytes.length < SINGLE_KEY_AT) return undefined;
  const end = SINGLE_KEY_AT + bytes.readUInt16BE(KEY_LENGTH_AT);
  return end > bytes.length ? undefined : end;
}
