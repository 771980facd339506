import { describe, expect, it } from '@jest/globals';
import { BatchWriter } from '../../../lib/wire/batch-writer.js';
import { clusterTagOf } from '../../../lib/wire/cluster-tag.js';
import { decodePacket } from '../../../lib/wire/decode-packet.js';
import {
  type Decoded,
  HEADER_BYTES,
  MAX_DATAGRAM_BYTES,
  MAX_EVENT_DATAGRAM_BYTES,
  PacketType,
  REPAIR_EXTRA_BYTES,
} from '../../../lib/wire/packet.js';
import { encodeNack, encodeRepair, MAX_NACK_RANGES, REPAIR_BODY_AT } from '../../../lib/wire/repair-codec.js';
import type { NackPacket, SequenceRange } from '../../../lib/wire/repair-packet.js';
import { nodeIdOf } from '../../wire/vectors.js';

const sender = nodeIdOf('00112233445546778899aabbccddeeff');
const origin = nodeIdOf('ffeeddccbbaa49888877665544332211');
const head = { sender, clusterTag: 7, nonce: 8n, toGroup: false };

function nack(ranges: readonly SequenceRange[]): NackPacket {
  return { kind: 'nack', sender, clusterTag: 7, nonce: 8n, token: 9, about: origin, ranges };
}

function sent(packet: NackPacket): { readonly length: number; readonly decoded: Decoded } {
  const into = Buffer.alloc(MAX_DATAGRAM_BYTES);
  const length = encodeNack(into, packet);
  return { length, decoded: decodePacket(into.subarray(0, length)) };
}

/** A batch of one key that is as long as a datagram with events may be. */
function longestBatch(): Buffer {
  const writer = new BatchWriter();
  const into = Buffer.alloc(MAX_EVENT_DATAGRAM_BYTES);
  writer.begin(into, PacketType.BATCH, origin, clusterTagOf('shop'));
  writer.tryAdd('k', Buffer.alloc(1000, 1), Buffer.alloc(83, 2));
  return into.subarray(0, writer.finish(7, 3, 123));
}

describe('encodeNack', () => {
  const ranges = Array.from({ length: MAX_NACK_RANGES + 6 }, (_, index) => ({ from: 3 * index, count: 1 + index }));

  it('asks for 64 ranges', () => {
    expect(MAX_NACK_RANGES).toBe(64);
    const most = nack(ranges.slice(0, MAX_NACK_RANGES));
    expect(sent(most)).toEqual({ length: 565, decoded: most });
  });

  it('leaves out those beyond', () => {
    expect(sent(nack(ranges)).decoded).toEqual(nack(ranges.slice(0, MAX_NACK_RANGES)));
  });

  it('asks for no more of a range than two bytes can say', () => {
    expect(sent(nack([{ from: 1, count: 70_000 }])).decoded).toEqual(nack([{ from: 1, count: 0xffff }]));
  });
});

describe('encodeRepair', () => {
  it('repeats the longest datagram with events in one that can still be sealed', () => {
    const original = longestBatch();
    expect(original).toHaveLength(MAX_EVENT_DATAGRAM_BYTES);
    const into = Buffer.alloc(2 * MAX_DATAGRAM_BYTES, 0xee);
    const body = original.subarray(HEADER_BYTES);
    const length = encodeRepair(into, head, { origin, type: PacketType.BATCH, body });
    expect(length).toBe(MAX_DATAGRAM_BYTES);
    expect(length - original.length).toBe(REPAIR_EXTRA_BYTES);
    expect(into.subarray(REPAIR_BODY_AT, length)).toEqual(body);
    expect(into[length]).toBe(0xee);
    const decoded = decodePacket(into.subarray(0, length));
    expect(decoded).toEqual({ kind: 'repair', ...head, event: decodePacket(original) });
  });

  it('copies the body as it is, with TLVs that this version does not know', () => {
    const body = Buffer.from('000100016b4d20000000000007000000000003000000000123700002beef', 'hex');
    const into = Buffer.alloc(MAX_DATAGRAM_BYTES);
    const length = encodeRepair(into, { ...head, toGroup: true }, { origin, type: PacketType.BATCH, body });
    expect(into.subarray(REPAIR_BODY_AT, length)).toEqual(body);
    const decoded = decodePacket(into.subarray(0, length));
    expect(decoded).toMatchObject({ toGroup: true, event: { sender: origin, keys: ['k'], trailer: { sequence: 7 } } });
  });
});

describe('decodeRepair', () => {
  it('reads a body as the decoder of its own datagram does, whichever byte of it is changed', () => {
    const original = longestBatch().subarray(0, 200);
    const into = Buffer.alloc(MAX_DATAGRAM_BYTES);
    const outcomes = new Set<string>();
    for (let at = HEADER_BYTES; at < original.length; at++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const changed = Buffer.from(original);
        changed[at]! ^= flip;
        const body = changed.subarray(HEADER_BYTES);
        const length = encodeRepair(into, head, { origin, type: PacketType.BATCH, body });
        const repair = decodePacket(into.subarray(0, length));
        const alone = decodePacket(changed);
        outcomes.add(alone.kind);
        if (alone.kind === 'refused') expect(repair).toEqual(alone);
        else if (alone.kind === 'batch' && alone.trailer !== undefined) expect(repair).toMatchObject({ event: alone });
        else expect(repair).toEqual({ kind: 'refused', reason: 'malformed' });
      }
    }
    expect([...outcomes].sort()).toEqual(['batch', 'refused']);
  });
});
