import { describe, expect, it } from '@jest/globals';
import { decodePacket } from '../../lib/wire/decode-packet.js';
import { MAX_DATAGRAM_BYTES, type Decoded, type Packet, PacketType } from '../../lib/wire/packet.js';
import { encodePacket } from './encode-packet.js';
import { nodeIdOf, warpVectors, type WarpVector } from './vectors.js';

const vectors = warpVectors();

/** Types of ours that the original knows as ones to ignore. */
const TAKEN: readonly number[] = [PacketType.HELLO, PacketType.SEALED];

const NOTHING_MORE = { trailer: undefined, members: undefined, heard: undefined, gone: undefined };

function packetOf({ type, nodeId, key = '', keys = [] }: WarpVector): Packet {
  const sender = nodeIdOf(nodeId);
  switch (type) {
    case PacketType.INVALIDATE:
      return { kind: 'invalidate', sender, key };
    case PacketType.HEARTBEAT:
      return { kind: 'heartbeat', sender, address: key, ...NOTHING_MORE };
    case PacketType.BATCH:
      return { kind: 'batch', sender, keys, attachments: undefined, trailer: undefined };
    default:
      return { kind: 'unknown', sender, type };
  }
}

function decode({ hex }: WarpVector): Decoded {
  return decodePacket(Buffer.from(hex, 'hex'));
}

describe('Warp Mesh v1 vectors', () => {
  it.each(vectors.encode)('reads $name', (vector) => {
    expect(decode(vector)).toEqual(packetOf(vector));
  });

  it.each(vectors.encode)('writes $name', (vector) => {
    const into = Buffer.alloc(MAX_DATAGRAM_BYTES);
    const length = encodePacket(into, packetOf(vector));
    const body = vector.hex.length / 2;
    expect(into.toString('hex', 0, body)).toBe(vector.hex);
    // Every batch of ours has a trailer, behind what v1 reads.
    expect(length).toBe(vector.type === PacketType.BATCH ? body + 20 : body);
  });

  it.each(vectors.decode.filter(({ type }) => !TAKEN.includes(type)))('reads $name', (vector) => {
    expect(decode(vector)).toEqual(packetOf(vector));
  });

  it('takes what the original ignores as type 10 for a greeting of another version', () => {
    const vector = vectors.decode.find(({ type }) => type === PacketType.HELLO);
    expect(vector && decode(vector)).toEqual({ kind: 'refused', reason: 'unsupported-version' });
  });

  it('takes what the original ignores as type 20 for something sealed', () => {
    const vector = vectors.decode.find(({ type }) => type === PacketType.SEALED);
    expect(vector && decode(vector)).toEqual({ kind: 'refused', reason: 'too-short' });
  });

  it.each(vectors.reject)('refuses $name', (vector) => {
    const reason = vector.error === 'mesh: invalid magic byte' ? 'wrong-magic' : 'too-short';
    expect(decode(vector)).toEqual({ kind: 'refused', reason });
  });
});
