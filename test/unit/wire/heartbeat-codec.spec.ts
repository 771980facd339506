import { describe, expect, it } from '@jest/globals';
import { decodePacket } from '../../../lib/wire/decode-packet.js';
import { encodeHeartbeat } from '../../../lib/wire/heartbeat-codec.js';
import { MAX_MEMBER_COUNT } from '../../../lib/wire/member-set.js';
import { type GoneEntry, type HeardEntry, type HeartbeatPacket, MAX_DATAGRAM_BYTES } from '../../../lib/wire/packet.js';
import { MAX_GONE_COUNT, MAX_HEARD_COUNT, MAX_UNHEARD_COUNT } from '../../../lib/wire/trailer-encoder.js';
import { nodeIdOf } from '../../wire/vectors.js';

const heartbeat: HeartbeatPacket = {
  kind: 'heartbeat',
  sender: nodeIdOf('00112233445546778899aabbccddeeff'),
  address: '255.255.255.255:65535',
  trailer: { sequence: 2 ** 48 - 1, floor: 2 ** 48 - 1, sentAtMs: 2 ** 48 - 1, clusterTag: 1 },
  members: undefined,
  heard: undefined,
  gone: undefined,
};

function sent(parts: Partial<HeartbeatPacket>): { readonly length: number; readonly packet: HeartbeatPacket } {
  const into = Buffer.alloc(MAX_DATAGRAM_BYTES);
  const length = encodeHeartbeat(into, { ...heartbeat, ...parts });
  const packet = decodePacket(into.subarray(0, length));
  if (packet.kind !== 'heartbeat') throw new Error(`is ${packet.kind}`);
  return { length, packet };
}

function shortIds(count: number): number[] {
  return Array.from({ length: count }, (_, index) => 2 ** 32 - 1 - index);
}

function heard(count: number): HeardEntry[] {
  return Array.from({ length: count }, (_, index) => ({
    id: nodeIdOf(index.toString(16).padStart(32, 'f')),
    highest: 2 ** 48 - 1 - index,
  }));
}

function gone(count: number): GoneEntry[] {
  return heard(count).map((entry, index) => ({ ...entry, seconds: 0xffff - index }));
}

describe('encodeHeartbeat', () => {
  it('lists as many unheard members as it may, with half a datagram to spare', () => {
    const members = { count: 200, hash: 1, unheard: shortIds(MAX_UNHEARD_COUNT) };
    const { length, packet } = sent({ members });
    expect(packet.members).toEqual(members);
    expect(length).toBe(601);
  });

  it('says that all are unheard when they are more', () => {
    const { packet } = sent({ members: { count: 200, hash: 1, unheard: shortIds(MAX_UNHEARD_COUNT + 1) } });
    expect(packet.members).toEqual({ count: 200, hash: 1, unheard: 'all' });
  });

  it('counts no more members than two bytes can', () => {
    expect(sent({ members: { count: 70_000, hash: 1, unheard: [] } }).packet.members?.count).toBe(MAX_MEMBER_COUNT);
  });

  it('says what was heard of 16 others, and leaves out those beyond', () => {
    expect(MAX_HEARD_COUNT).toBe(16);
    expect(sent({ heard: heard(16) }).packet.heard).toEqual(heard(16));
    expect(sent({ heard: heard(17) }).packet.heard).toEqual(heard(16));
  });

  it('says what was heard of 20 that are gone, and leaves out those beyond', () => {
    expect(MAX_GONE_COUNT).toBe(20);
    expect(sent({ gone: gone(20) }).packet.gone).toEqual(gone(20));
    expect(sent({ gone: gone(21) }).packet.gone).toEqual(gone(20));
  });

  it.each([
    { goneCount: 8, heardCount: 16 },
    { goneCount: 9, heardCount: 14 },
    { goneCount: 20, heardCount: 2 },
  ])('has room for $heardCount others beside $goneCount that are gone', ({ goneCount, heardCount }) => {
    expect(sent({ heard: heard(16), gone: gone(goneCount) }).packet.heard).toEqual(heard(heardCount));
  });

  it('counts no more seconds than two bytes can', () => {
    const [entry] = gone(1);
    expect(sent({ gone: [{ ...entry!, seconds: 100_000 }] }).packet.gone).toEqual([{ ...entry!, seconds: 0xffff }]);
  });

  it('tells an empty list from none', () => {
    expect(sent({ heard: [], gone: [] }).packet).toEqual({ ...heartbeat, heard: [], gone: [] });
    expect(sent({}).packet).toEqual(heartbeat);
  });

  it('holds all of it in one datagram', () => {
    const members = { count: 200, hash: 1, unheard: shortIds(MAX_UNHEARD_COUNT) };
    const parts = { members, heard: heard(MAX_HEARD_COUNT), gone: gone(8) };
    const { length, packet } = sent(parts);
    expect(packet).toEqual({ ...heartbeat, ...parts });
    expect(length).toBe(1151);
  });

  it('is v1 without a trailer, whatever is known of members', () => {
    const members = { count: 1, hash: 2, unheard: [] };
    const { length, packet } = sent({ trailer: undefined, members, heard: heard(1), gone: gone(1) });
    expect(packet).toEqual({ ...heartbeat, trailer: undefined });
    expect(length).toBe(28 + heartbeat.address.length);
  });
});
