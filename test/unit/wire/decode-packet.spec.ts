import { describe, expect, it } from '@jest/globals';
import { decodePacket } from '../../../lib/wire/decode-packet.js';
import { PacketType } from '../../../lib/wire/packet.js';
import { meshVectors, nodeIdOf } from '../../wire/vectors.js';

const sender = nodeIdOf('00112233445546778899aabbccddeeff');
const header = (type: number): Buffer => Buffer.from([0x57, type, ...Buffer.from(sender, 'latin1')]);

/** The largest payload of a UDP datagram over IPv4. */
const LARGEST_BYTES = 65_507;

describe('decodePacket', () => {
  it('keeps nothing of the bytes', () => {
    const { hex } = meshVectors().encode.find(({ name }) => name === 'batch-attachments')!;
    const bytes = Buffer.from(hex, 'hex');
    const decoded = decodePacket(bytes);
    const before = decodePacket(Buffer.from(hex, 'hex'));
    bytes.fill(0xff);
    expect(decoded).toEqual(before);
  });

  it('reads a datagram that is a view into a larger buffer', () => {
    const { hex } = meshVectors().encode.find(({ name }) => name === 'batch-attachments')!;
    const framed = Buffer.from(`ffff${hex}ffff`, 'hex');
    expect(decodePacket(framed.subarray(2, framed.length - 2))).toEqual(decodePacket(Buffer.from(hex, 'hex')));
  });

  it('refuses what does not begin with the magic, however short', () => {
    expect(decodePacket(Buffer.from([0x58]))).toEqual({ kind: 'refused', reason: 'wrong-magic' });
    expect(decodePacket(Buffer.from([0x57]))).toEqual({ kind: 'refused', reason: 'too-short' });
  });

  it('makes no object for a refusal', () => {
    const bytes = header(PacketType.BATCH);
    expect(decodePacket(bytes)).toBe(decodePacket(Buffer.from(bytes)));
  });

  it('knows its types, and names the others', () => {
    const known = new Set<number>(Object.values(PacketType));
    for (let type = 0; type <= 0xff; type += 1) {
      const decoded = decodePacket(header(type));
      if (known.has(type)) expect(decoded).toEqual({ kind: 'refused', reason: 'too-short' });
      else expect(decoded).toEqual({ kind: 'unknown', sender, type });
    }
  });

  it('reads the largest datagram that there is', () => {
    const key = 'k'.repeat(LARGEST_BYTES - 22);
    const bytes = Buffer.concat([header(PacketType.BATCH), Buffer.from([0, 1, key.length >> 8, key.length & 0xff])]);
    expect(decodePacket(Buffer.concat([bytes, Buffer.from(key)]))).toMatchObject({ kind: 'batch', keys: [key] });
  });

  it('reads as many empty keys as fit in the largest datagram', () => {
    const count = (LARGEST_BYTES - 20) >> 1;
    const bytes = Buffer.concat([header(PacketType.BATCH), Buffer.from([count >> 8, count & 0xff])]);
    const decoded = decodePacket(Buffer.concat([bytes, Buffer.alloc(2 * count)]));
    expect(decoded.kind === 'batch' && decoded.keys.length).toBe(count);
  });
});
