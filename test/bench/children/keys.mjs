// Keys of 20 bytes, as many that none is still waiting when its turn comes again. Made before anything is timed, and
// flat, as those are that a user has from elsewhere.
const POOL = 1 << 17;

/** Names of products, from `prefix` on. */
export function makeKeys(prefix = 'product:') {
  const digits = 20 - prefix.length;
  return Array.from({ length: POOL }, (_, index) => `${prefix}${String(index).padStart(digits, '0')}`);
}

/** Walks through the keys, chunk by chunk, and begins anew behind the last one. */
export function* chunks(keys, count, size) {
  for (let sent = 0; sent < count;) {
    const from = sent % keys.length;
    const chunk = keys.slice(from, Math.min(from + size, from + count - sent));
    sent += chunk.length;
    yield chunk;
  }
}
