import { describe, expect, it } from '@jest/globals';
import { decodePacket } from '../../../lib/wire/decode-packet.js';
import { MAX_DATAGRAM_BYTES, type PeersPacket } from '../../../lib/wire/packet.js';
import { encodePeers, MAX_PEER_ENTRIES } from '../../../lib/wire/peers-codec.js';
import { nodeIdOf } from '../../wire/vectors.js';

const sender = nodeIdOf('00112233445546778899aabbccddeeff');

function peers(count: number): PeersPacket {
  return {
    kind: 'peers',
    sender,
    clusterTag: 7,
    nonce: 8n,
    request: true,
    members: { count, hash: 9 },
    entries: Array.from({ length: count }, (_, index) => ({
      id: nodeIdOf(index.toString(16).padStart(32, '0')),
      endpoint: `10.0.0.${index + 1}:7946`,
      client: index % 2 === 0,
      highest: index,
    })),
  };
}

describe('encodePeers', () => {
  it('fits 39 members in a datagram', () => {
    expect(MAX_PEER_ENTRIES).toBe(39);
    const into = Buffer.alloc(MAX_DATAGRAM_BYTES);
    const length = encodePeers(into, peers(MAX_PEER_ENTRIES));
    expect(length).toBe(1172);
    expect(decodePacket(into.subarray(0, length))).toEqual(peers(MAX_PEER_ENTRIES));
  });

  it('leaves out those beyond', () => {
    const into = Buffer.alloc(2 * MAX_DATAGRAM_BYTES);
    const length = encodePeers(into, peers(MAX_PEER_ENTRIES + 20));
    const { entries } = peers(MAX_PEER_ENTRIES);
    expect(decodePacket(into.subarray(0, length))).toEqual({ ...peers(MAX_PEER_ENTRIES + 20), entries });
  });
});
