import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { decodePacket } from '../../lib/wire/decode-packet.js';
import { MAX_DATAGRAM_BYTES, type Packet } from '../../lib/wire/packet.js';
import { MAX_PEER_ENTRIES } from '../../lib/wire/peers-codec.js';
import { MAX_GONE_COUNT, MAX_HEARD_COUNT, MAX_UNHEARD_COUNT } from '../../lib/wire/trailer-encoder.js';
import { encodePacket } from '../wire/encode-packet.js';
import { meshVectors, warpVectors } from '../wire/vectors.js';
import { DatagramMutator } from './datagram-mutator.js';
import { DECODER_DATAGRAMS as DATAGRAMS, FUZZ_SEED as seed, FUZZ_TIMEOUT_MS } from './fuzz-terms.js';

const { encode, decode, reject } = meshVectors();
const warp = warpVectors();
const corpus = [...encode, ...decode, ...reject, ...warp.encode, ...warp.decode, ...warp.reject].map(({ hex }) =>
  Buffer.from(hex, 'hex'),
);

const KINDS = [
  ...'invalidate heartbeat batch matching buckets fragment hello hello-ack beacon nack ack repair'.split(' '),
  ...'resync-request resync leave ping ping-request pong peers receipt receipt-request request reply reply-request sealed unknown'.split(
    ' ',
  ),
];
const REASONS = 'too-short wrong-magic malformed unsupported-version'.split(' ');

/** What is read can be more than what is ever sent, and can then not be written again as it was. */
function isSendable(packet: Packet): boolean {
  switch (packet.kind) {
    case 'heartbeat': {
      const unheard = packet.members?.unheard ?? [];
      if (packet.address.length > 21) return false;
      if ((packet.heard?.length ?? 0) > MAX_HEARD_COUNT || (packet.gone?.length ?? 0) > MAX_GONE_COUNT) return false;
      return unheard === 'all' || unheard.length <= MAX_UNHEARD_COUNT;
    }
    case 'invalidate':
      return Buffer.byteLength(packet.key) <= 1024;
    case 'peers':
      return packet.entries.length <= MAX_PEER_ENTRIES;
    default:
      return true;
  }
}

/** Whether a packet comes back as it was written. A batch without a trailer is given one. */
function comesBack(packet: Packet, into: Buffer): boolean {
  const length = encodePacket(into, packet);
  // Of an unknown type, or longer than what is ever sent.
  if (length === undefined) return true;
  if (length > MAX_DATAGRAM_BYTES) return false;
  const again = decodePacket(into.subarray(0, length));
  if (packet.kind !== 'batch' || packet.trailer !== undefined) return isDeepStrictEqual(again, packet);
  return again.kind === 'batch' && again.sender === packet.sender && isDeepStrictEqual(again.keys, packet.keys);
}

describe('decodePacket', () => {
  it(
    `survives ${DATAGRAMS} random and mutated datagrams`,
    () => {
      const mutator = new DatagramMutator(seed, corpus);
      const original = Buffer.alloc(mutator.maxBytes);
      const into = Buffer.alloc(2 * MAX_DATAGRAM_BYTES);
      const outcomes = new Map<string, number>();
      let written = 0;

      const faultOf = (bytes: Buffer): string | undefined => {
        bytes.copy(original);
        const unchanged = original.subarray(0, bytes.length);
        const decoded = decodePacket(bytes);
        if (!bytes.equals(unchanged)) return 'changes what it reads';
        const outcome = decoded.kind === 'refused' ? decoded.reason : decoded.kind;
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        if (decoded.kind === 'refused') return undefined;
        bytes.fill(0xa5);
        if (!isDeepStrictEqual(decoded, decodePacket(unchanged))) return 'keeps what it reads';
        if (decoded.kind === 'sealed' || !isSendable(decoded)) return undefined;
        written += 1;
        return comesBack(decoded, into) ? undefined : 'reads what is written otherwise';
      };

      for (let index = 0; index < DATAGRAMS; index += 1) {
        const bytes = mutator.next();
        let fault: string | undefined;
        try {
          fault = faultOf(bytes);
        } catch (error) {
          fault = String(error);
        }
        if (fault === undefined) continue;
        throw new Error(`${fault}: FUZZ_SEED=${seed}, datagram ${index}, ${original.toString('hex', 0, bytes.length)}`);
      }
      expect([...outcomes.keys()].sort()).toEqual([...KINDS, ...REASONS].sort());
      expect(Math.min(...outcomes.values())).toBeGreaterThan(DATAGRAMS / 1000);
      expect(written).toBeGreaterThan(DATAGRAMS / 10);
    },
    FUZZ_TIMEOUT_MS,
  );

  // An array of 65,535 elements takes half a megabyte, and one of what the datagram holds next to nothing.
  it.each([
    ['65,535 keys in 20 bytes', '570300112233445546778899aabbccddeeffffff'],
    ['65,535 patterns in 20 bytes', '571f00112233445546778899aabbccddeeffffff'],
    ['a key of 65,535 bytes', '570300112233445546778899aabbccddeeff0001ffff61'],
    ['an address of 65,535 bytes', `570200112233445546778899aabbccddeeff${'00'.repeat(8)}ffff31`],
    ['65,534 unheard members', heartbeatWithTlv('05000a0000000000000000fffe')],
    ['a TLV of 65,535 bytes of what was heard', heartbeatWithTlv('06ffff')],
    ['a TLV of 65,535 bytes of who is gone', heartbeatWithTlv('07ffff')],
    ['255 ranges in 53 bytes', `571300112233445546778899aabbccddeeff0200${'00'.repeat(32)}ff`],
    ['65,535 keys in a repair of 51 bytes', `571500112233445546778899aabbccddeeff0200${'00'.repeat(28)}03ffff`],
    ['a TLV of 65,535 bytes', heartbeatWithTlv('7fffff')],
  ])('allocates nothing for %s', (_what, hex) => {
    const bytes = Buffer.from(hex, 'hex');
    const growth: number[] = [];
    for (let round = 0; round < 20; round += 1) {
      const before = allocatedBytes();
      expect(decodePacket(bytes).kind).toBe('refused');
      growth.push(allocatedBytes() - before);
    }
    // The least of some, as the collector and Jest come in between.
    expect(Math.min(...growth.filter((grown) => grown >= 0))).toBeLessThan(64 * 1024);
  });
});

function heartbeatWithTlv(tlv: string): string {
  const trailer = `4d20${'00'.repeat(18)}`;
  return `570200112233445546778899aabbccddeeff${'00'.repeat(10)}${trailer}${tlv}`;
}

function allocatedBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
