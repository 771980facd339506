import { describe, expect, it } from '@jest/globals';
import { decodePacket } from '../../../lib/wire/decode-packet.js';
import { encodeHeartbeat } from '../../../lib/wire/heartbeat-codec.js';
import { MAX_MEMBER_COUNT } from '../../../lib/wire/member-set.js';
import { type HeartbeatPacket, MAX_DATAGRAM_BYTES, type MembershipDigest } from '../../../lib/wire/packet.js';
import { MAX_UNHEARD_COUNT } from '../../../lib/wire/trailer-encoder.js';
import { nodeIdOf } from '../../wire/vectors.js';

const heartbeat: HeartbeatPacket = {
  kind: 'heartbeat',
  sender: nodeIdOf('00112233445546778899aabbccddeeff'),
  address: '255.255.255.255:65535',
  trailer: { sequence: 2 ** 48 - 1, floor: 2 ** 48 - 1, sentAtMs: 2 ** 48 - 1, clusterTag: 1 },
  members: undefined,
};

function sent(members: MembershipDigest): { readonly length: number; readonly members: MembershipDigest | undefined } {
  const into = Buffer.alloc(MAX_DATAGRAM_BYTES);
  const length = encodeHeartbeat(into, { ...heartbeat, members });
  const decoded = decodePacket(into.subarray(0, length));
  if (decoded.kind !== 'heartbeat') throw new Error(`is ${decoded.kind}`);
  return { length, members: decoded.members };
}

function shortIds(count: number): number[] {
  return Array.from({ length: count }, (_, index) => 2 ** 32 - 1 - index);
}

describe('encodeHeartbeat', () => {
  it('lists as many unheard members as it may, with half a datagram to spare', () => {
    const members = { count: 200, hash: 1, unheard: shortIds(MAX_UNHEARD_COUNT) };
    const heartbeatSent = sent(members);
    expect(heartbeatSent.members).toEqual(members);
    expect(heartbeatSent.length).toBe(601);
  });

  it('says that all are unheard when they are more', () => {
    const { members } = sent({ count: 200, hash: 1, unheard: shortIds(MAX_UNHEARD_COUNT + 1) });
    expect(members).toEqual({ count: 200, hash: 1, unheard: 'all' });
  });

  it('counts no more members than two bytes can', () => {
    expect(sent({ count: 70_000, hash: 1, unheard: [] }).members?.count).toBe(MAX_MEMBER_COUNT);
  });

  it('is v1 without a trailer, whatever is known of members', () => {
    const plain = { ...heartbeat, trailer: undefined };
    const into = Buffer.alloc(MAX_DATAGRAM_BYTES);
    const length = encodeHeartbeat(into, { ...plain, members: { count: 1, hash: 2, unheard: [] } });
    expect(decodePacket(into.subarray(0, length))).toEqual(plain);
    expect(length).toBe(28 + heartbeat.address.length);
  });
});
