import { describe, expect, it } from '@jest/globals';
import { decodePacket } from '../../lib/wire/decode-packet.js';
import { MAX_DATAGRAM_BYTES } from '../../lib/wire/packet.js';
import { encodePacket } from './encode-packet.js';
import { meshVectors, packetOf } from './vectors.js';

const vectors = meshVectors();

describe('mesh v2 vectors', () => {
  it.each(vectors.encode)('writes $name', ({ packet, hex }) => {
    const into = Buffer.alloc(MAX_DATAGRAM_BYTES, 0xee);
    const length = encodePacket(into, packetOf(packet));
    expect(into.toString('hex', 0, length)).toBe(hex);
    expect(into.subarray(length).every((byte) => byte === 0xee)).toBe(true);
  });

  it.each([...vectors.encode, ...vectors.decode])('reads $name', ({ packet, hex }) => {
    expect(decodePacket(Buffer.from(hex, 'hex'))).toEqual(packetOf(packet));
  });

  it.each(vectors.reject)('refuses $name', ({ reason, hex }) => {
    expect(decodePacket(Buffer.from(hex, 'hex'))).toEqual({ kind: 'refused', reason });
  });

  it.each(vectors.encode)('refuses $name cut anywhere, or reads what ends where it was cut', ({ packet, hex }) => {
    const bytes = Buffer.from(hex, 'hex');
    for (let length = 0; length < bytes.length; length += 1) {
      const decoded = decodePacket(bytes.subarray(0, length));
      if (decoded.kind === 'refused') expect(decoded.reason).toMatch(/^(too-short|malformed)$/);
      else expect(packet.kind).toMatch(/^(heartbeat|batch|matching|buckets|fragment|repair|request|reply)$/);
    }
  });
});
