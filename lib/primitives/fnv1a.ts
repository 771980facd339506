export const FNV_OFFSET_BASIS = 0x811c9dc5;
export const FNV_PRIME = 0x01000193;
const ASCII_END = 0x80;

/** 32-bit FNV-1a. Source: draft-eastlake-fnv, § 5. */
export function fnv1a32(bytes: Buffer): number {
  let hash = FNV_OFFSET_BASIS;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return hash >>> 0;
}

/** {@link fnv1a32} of the UTF-8 bytes of `text`, which in ASCII are its characters: most keys need no buffer. */
export function fnv1a32Text(text: string): number {
  let hash = FNV_OFFSET_BASIS;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= ASCII_END) return fnv1a32(Buffer.from(text, 'utf8'));
    hash = Math.imul(hash ^ unit, FNV_PRIME);
  }
  return hash >>> 0;
}
