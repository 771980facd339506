import { describe, expect, it } from '@jest/globals';
import { NO_NONCE } from '../../../lib/primitives/nonce.js';
import { clusterTagOf } from '../../../lib/wire/cluster-tag.js';
import { decodePacket } from '../../../lib/wire/decode-packet.js';
import { encodeHello, MAX_CLUSTER_BYTES, MAX_ZONE_BYTES } from '../../../lib/wire/hello-codec.js';
import { type Decoded, type HelloPacket, MAX_DATAGRAM_BYTES } from '../../../lib/wire/packet.js';
import { nodeIdOf } from '../../wire/vectors.js';

const hello: HelloPacket = {
  kind: 'hello',
  sender: nodeIdOf('00112233445546778899aabbccddeeff'),
  clusterTag: clusterTagOf('default'),
  nonce: 1n,
  echo: NO_NONCE,
  verified: false,
  hearsGroup: false,
  toGroup: false,
  client: false,
  heartbeatMs: 5000,
  highest: 0,
  floor: 1,
  members: { count: 0, hash: 0 },
  advertised: '10.0.0.1:7946',
  zone: undefined,
  cluster: 'default',
};

function sent(packet: HelloPacket): { readonly length: number; readonly decoded: Decoded } {
  const into = Buffer.alloc(MAX_DATAGRAM_BYTES);
  const length = encodeHello(into, packet);
  return { length, decoded: decodePacket(into.subarray(0, length)) };
}

describe('encodeHello', () => {
  it.each(['verified', 'hearsGroup', 'toGroup', 'client'] as const)('says %s by a flag of its own', (flag) => {
    expect(sent({ ...hello, [flag]: true }).decoded).toEqual({ ...hello, [flag]: true });
  });

  it('takes an empty zone for none', () => {
    expect(sent({ ...hello, zone: '' }).decoded).toEqual(hello);
  });

  it('writes what is no address as unspecified', () => {
    expect(sent({ ...hello, advertised: '' }).decoded).toEqual({ ...hello, advertised: '0.0.0.0:0' });
  });

  it('is never longer than 166 bytes', () => {
    const { length, decoded } = sent({
      ...hello,
      zone: 'é'.repeat(MAX_ZONE_BYTES),
      cluster: '東'.repeat(MAX_CLUSTER_BYTES),
    });
    // No half a character at the end.
    expect(decoded).toMatchObject({ zone: 'é'.repeat(16), cluster: '東'.repeat(21) });
    expect(length).toBe(165);
  });
});
