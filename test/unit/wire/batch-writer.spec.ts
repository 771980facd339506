import { describe, expect, it } from '@jest/globals';
import { fnv1a32Text } from '../../../lib/primitives/fnv1a.js';
import { BatchWriter } from '../../../lib/wire/batch-writer.js';
import { clusterTagOf, DEFAULT_CLUSTER_TAG } from '../../../lib/wire/cluster-tag.js';
import { decodePacket } from '../../../lib/wire/decode-packet.js';
import {
  type BatchPacket,
  MAX_DATAGRAM_BYTES,
  MAX_EVENT_DATAGRAM_BYTES,
  PacketType,
} from '../../../lib/wire/packet.js';
import { nodeIdOf } from '../../wire/vectors.js';

const sender = nodeIdOf('00112233445546778899aabbccddeeff');

function begin(clusterTag?: number, into = Buffer.alloc(MAX_DATAGRAM_BYTES)): { into: Buffer; writer: BatchWriter } {
  const writer = new BatchWriter();
  writer.begin(into, PacketType.BATCH, sender, clusterTag);
  return { into, writer };
}

function read(into: Buffer, length: number): BatchPacket {
  const decoded = decodePacket(into.subarray(0, length));
  if (decoded.kind !== 'batch') throw new Error(`is ${decoded.kind}`);
  return decoded;
}

describe('BatchWriter', () => {
  it('packs keys until the next one would make the datagram too long', () => {
    const { into, writer } = begin();
    const keys: string[] = [];
    while (writer.tryAdd(`invalidate:user:${1000 + keys.length}`, undefined, undefined)) {
      keys.push(`invalidate:user:${1000 + keys.length}`);
    }
    expect(writer.count).toBe(keys.length);
    const length = writer.finish(1, 2, 3);
    // 18 + 2 + 50 × 22 + 20
    expect(keys).toHaveLength(50);
    expect(length).toBe(1140);
    expect(read(into, length).keys).toEqual(keys);
  });

  it.each(['k', 'x'.repeat(64), 'x'.repeat(65), 'x'.repeat(1024), `${'x'.repeat(40)}é€`, '😀'.repeat(40)])(
    'writes and hashes %s',
    (key) => {
      const { into, writer } = begin();
      expect(writer.tryAdd(key, undefined, undefined)).toBe(true);
      expect(writer.keyHash).toBe(fnv1a32Text(key));
      expect(read(into, writer.finish(1, 2, 3)).keys).toEqual([key]);
    },
  );

  it('fills a datagram to its last byte, and not beyond in a larger buffer', () => {
    const { into, writer } = begin(undefined, Buffer.alloc(4000, 0xee));
    expect(writer.tryAdd('k'.repeat(1102), undefined, undefined)).toBe(false);
    expect(writer.tryAdd('k'.repeat(1101), undefined, undefined)).toBe(true);
    expect(writer.tryAdd('', undefined, undefined)).toBe(false);
    expect(writer.finish(1, 2, 3)).toBe(MAX_EVENT_DATAGRAM_BYTES);
    expect(into.subarray(MAX_EVENT_DATAGRAM_BYTES).every((byte) => byte === 0xee)).toBe(true);
  });

  it('stays within a buffer that is smaller', () => {
    const { into, writer } = begin(undefined, Buffer.alloc(64));
    expect(writer.tryAdd('k'.repeat(23), undefined, undefined)).toBe(false);
    expect(writer.tryAdd('k'.repeat(22), undefined, undefined)).toBe(true);
    expect(writer.finish(1, 2, 3)).toBe(into.length);
  });

  it.each([
    ['ASCII', 'k', 1],
    ['two bytes', 'é', 2],
    ['three bytes', '東', 3],
    ['four bytes', '🚀', 4],
  ])('measures keys in bytes: %s', (_what, character, bytes) => {
    const { into, writer } = begin();
    const fits = Math.floor(1101 / bytes);
    expect(writer.tryAdd(character.repeat(fits + 1), undefined, undefined)).toBe(false);
    expect(writer.tryAdd(character.repeat(fits), undefined, undefined)).toBe(true);
    const length = writer.finish(1, 2, 3);
    expect(length).toBe(42 + fits * bytes);
    expect(read(into, length).keys).toEqual([character.repeat(fits)]);
  });

  it('goes on with a smaller key after one that did not fit', () => {
    const { into, writer } = begin();
    writer.tryAdd('a'.repeat(1000), undefined, undefined);
    expect(writer.tryAdd('b'.repeat(500), Buffer.alloc(10), undefined)).toBe(false);
    expect(writer.count).toBe(1);
    expect(writer.tryAdd('c', Buffer.from('1'), undefined)).toBe(true);
    const packet = read(into, writer.finish(1, 2, 3));
    expect(packet.keys).toEqual(['a'.repeat(1000), 'c']);
    expect(packet.attachments).toEqual(new Map([[1, { data: Buffer.from('1'), metadata: undefined }]]));
  });

  it('counts what data and metadata take', () => {
    const { into, writer } = begin();
    // 1143 - 18 - 2 - 2 - 1 - 20 - 5 - 5
    expect(writer.tryAdd('k', Buffer.alloc(1000), Buffer.alloc(91))).toBe(false);
    expect(writer.tryAdd('k', Buffer.alloc(1000), Buffer.alloc(90))).toBe(true);
    const length = writer.finish(1, 2, 3);
    expect(length).toBe(MAX_EVENT_DATAGRAM_BYTES);
    expect(read(into, length).attachments?.get(0)?.metadata).toHaveLength(90);
  });

  it('keeps room for what all earlier keys have attached', () => {
    const { into, writer } = begin();
    let added = 0;
    while (writer.tryAdd('k', Buffer.alloc(100, added), Buffer.alloc(10, added))) added += 1;
    const length = writer.finish(1, 2, 3);
    // 18 + 2 + 8 × (3 + 105 + 15) + 20
    expect(added).toBe(8);
    expect(length).toBe(1024);
    expect(read(into, length).attachments?.get(7)?.data).toEqual(Buffer.alloc(100, 7));
  });

  it('keeps room for the cluster', () => {
    const { into, writer } = begin(clusterTagOf('shop'));
    expect(writer.tryAdd('k'.repeat(1095), undefined, undefined)).toBe(false);
    expect(writer.tryAdd('k'.repeat(1094), undefined, undefined)).toBe(true);
    const length = writer.finish(1, 2, 3);
    expect(length).toBe(MAX_EVENT_DATAGRAM_BYTES);
    expect(read(into, length).trailer?.clusterTag).toBe(clusterTagOf('shop'));
  });

  it('does not name the cluster "default"', () => {
    const { into, writer } = begin(DEFAULT_CLUSTER_TAG);
    expect(writer.tryAdd('k'.repeat(1101), undefined, undefined)).toBe(true);
    expect(read(into, writer.finish(1, 2, 3)).trailer?.clusterTag).toBeUndefined();
  });

  it('keeps nothing from one datagram to the next', () => {
    const { into, writer } = begin(clusterTagOf('shop'));
    writer.tryAdd('a', Buffer.from('1'), Buffer.from('2'));
    writer.finish(1, 1, 3);
    writer.begin(into, PacketType.BATCH, sender, undefined);
    writer.tryAdd('abandoned', Buffer.from('3'), undefined);
    writer.begin(into, PacketType.BATCH, sender, undefined);
    expect(writer.count).toBe(0);
    writer.tryAdd('b', undefined, undefined);
    expect(read(into, writer.finish(2, 1, 3))).toEqual({
      kind: 'batch',
      sender,
      keys: ['b'],
      attachments: undefined,
      trailer: { sequence: 2, floor: 1, sentAtMs: 3, clusterTag: undefined },
    });
  });

  it('adds nothing before begin and after finish', () => {
    const { writer } = begin();
    expect(new BatchWriter().tryAdd('k', undefined, undefined)).toBe(false);
    writer.finish(1, 2, 3);
    expect(writer.tryAdd('k', undefined, undefined)).toBe(false);
  });
});
