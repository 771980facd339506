const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/** 32-bit FNV-1a. Source: draft-eastlake-fnv, § 5. */
export function fnv1a32(bytes: Buffer): number {
  let hash = OFFSET_BASIS;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, PRIME);
  return hash >>> 0;
}

/** {@link fnv1a32} of the UTF-8 bytes of `text`. */
export function fnv1a32Text(text: string): number {
  return fnv1a32(Buffer.from(text, 'utf8'));
}
