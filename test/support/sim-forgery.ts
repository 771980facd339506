import type { SimulatedNode } from '../../lib/simulation/simulated-node.js';
import { bucketOf, type BucketSet } from '../../lib/primitives/bucket-set.js';
import { type NodeId, readNodeId } from '../../lib/primitives/node-id.js';
import { NO_NONCE } from '../../lib/primitives/nonce.js';
import type { Random } from '../../lib/primitives/random.js';
import { randomNodeId } from '../../lib/simulation/simulated-config.js';
import { BatchWriter } from '../../lib/wire/batch-writer.js';
import { clusterTagOf } from '../../lib/wire/cluster-tag.js';
import { encodeLeave, encodePing, encodePingRequest, encodePong } from '../../lib/wire/control-codec.js';
import { encodeFragment, FRAGMENT_BYTES, fragmentCount } from '../../lib/wire/fragment-codec.js';
import type { FragmentPacket } from '../../lib/wire/fragment-packet.js';
import { encodeHeartbeat } from '../../lib/wire/heartbeat-codec.js';
import { encodeHello } from '../../lib/wire/hello-codec.js';
import { encodeInvalidate } from '../../lib/wire/invalidate-codec.js';
import {
  HEADER_BYTES,
  type HeartbeatPacket,
  type HelloPacket,
  MAX_DATAGRAM_BYTES,
  type MembershipDigest,
  PacketType,
} from '../../lib/wire/packet.js';
import { encodePeers } from '../../lib/wire/peers-codec.js';
import { encodeAck, encodeBeacon, encodeNack, encodeRepair } from '../../lib/wire/repair-codec.js';
import type { AckPacket, BeaconPacket, ResyncPacket, SequenceRange } from '../../lib/wire/repair-packet.js';
import { encodeBuckets, encodeResync, encodeResyncRequest } from '../../lib/wire/resync-codec.js';

const TAG = clusterTagOf('default');
const NOBODY: MembershipDigest = { count: 0, hash: 0, unheard: [] };

/** Lays out datagrams in anybody's name, as one who sees no traffic but his own could. */
export class Forgery {
  readonly sender: NodeId;
  nonce = 0x1234n;
  #sequence = 1;

  constructor(sender: NodeId) {
    this.sender = sender;
  }

  static byStranger(random: Random): Forgery {
    return new Forgery(randomNodeId(random));
  }

  /** What it claims of third nodes is in `hearsay`. */
  heartbeat(members: MembershipDigest = NOBODY, hearsay: Partial<HeartbeatPacket> = {}): Buffer {
    const trailer = { sequence: this.#sequence - 1, floor: 1, sentAtMs: 0, clusterTag: TAG };
    return lay((into) =>
      encodeHeartbeat(into, {
        kind: 'heartbeat',
        sender: this.sender,
        address: '10.1.1.1:7946',
        trailer,
        members,
        heard: undefined,
        gone: undefined,
        ...hearsay,
      }),
    );
  }

  v1Heartbeat(address = '0.0.0.0:7946'): Buffer {
    return lay((into) =>
      encodeHeartbeat(into, {
        kind: 'heartbeat',
        sender: this.sender,
        address,
        trailer: undefined,
        members: undefined,
        heard: undefined,
        gone: undefined,
      }),
    );
  }

  v1Invalidate(key: string): Buffer {
    return lay((into) => encodeInvalidate(into, { kind: 'invalidate', sender: this.sender, key }));
  }

  batch(keys: readonly string[], sequence = this.#sequence++): Buffer {
    return lay((into) => {
      const writer = new BatchWriter();
      writer.begin(into, PacketType.BATCH, this.sender, TAG);
      for (const key of keys) writer.tryAdd(key, undefined, undefined);
      return writer.finish(sequence, sequence + 1, 0);
    });
  }

  /** A batch whose trailer is cut off is a v1 batch. */
  v1Batch(keys: readonly string[]): Buffer {
    const whole = this.batch(keys);
    return whole.subarray(0, whole.length - 20);
  }

  /** An event in fragments, and its key behind them; `sequence` is of the first datagram. */
  long(key: string, data: Buffer, sequence = this.#sequence): Buffer[] {
    const count = fragmentCount(data.length);
    const rest = { bucket: bucketOf(key), totalBytes: data.length };
    const fragments = Array.from({ length: count }, (_, index) => {
      const bytes = data.subarray(index * FRAGMENT_BYTES, (index + 1) * FRAGMENT_BYTES);
      return this.fragment({ ...rest, index, bytes }, sequence + index);
    });
    this.#sequence = sequence + count + 1;
    return [...fragments, this.keyOfLong(key, data.length, sequence + count)];
  }

  fragment(parts: Partial<FragmentPacket>, sequence = this.#sequence++): Buffer {
    const trailer = { sequence, floor: sequence + 1, sentAtMs: 0, clusterTag: TAG };
    const said = { bucket: 0, totalBytes: 1, index: 0, bytes: Buffer.alloc(1), ...parts };
    return lay((into) => encodeFragment(into, { sender: this.sender, ...said, trailer }));
  }

  keyOfLong(key: string, totalBytes: number, sequence = this.#sequence++): Buffer {
    return lay((into) => {
      const writer = new BatchWriter();
      writer.begin(into, PacketType.BATCH, this.sender, TAG);
      writer.tryAddFragmented(key, undefined, { totalBytes, metadataBytes: 0 });
      return writer.finish(sequence, sequence + 1, 0);
    });
  }

  buckets(buckets: BucketSet | 'all' = 'all', sequence = this.#sequence++): Buffer {
    const trailer = { sequence, floor: sequence + 1, sentAtMs: 0, clusterTag: TAG };
    return lay((into) => encodeBuckets(into, { sender: this.sender, buckets, trailer }));
  }

  hello(parts: Partial<HelloPacket> = {}): Buffer {
    return lay((into) =>
      encodeHello(into, {
        kind: 'hello',
        sender: this.sender,
        clusterTag: TAG,
        nonce: this.nonce,
        echo: 0n,
        verified: false,
        hearsGroup: false,
        toGroup: false,
        client: false,
        heartbeatMs: 5000,
        highest: 0,
        floor: 1,
        members: NOBODY,
        advertised: '0.0.0.0:0',
        zone: undefined,
        cluster: 'default',
        ...parts,
      }),
    );
  }

  /** To the group with the nonce 0. */
  beacon(nonce: bigint, about: NodeId, parts: Partial<BeaconPacket> = {}): Buffer {
    const said = { token: 0, about, highest: 0, floor: 1, ...parts };
    return lay((into) => encodeBeacon(into, { kind: 'beacon', ...this.#head(nonce), ...said }));
  }

  nack(nonce: bigint, about: NodeId, ranges: readonly SequenceRange[] = [], token = 1): Buffer {
    return lay((into) => encodeNack(into, { kind: 'nack', ...this.#head(nonce), token, about, ranges }));
  }

  ack(nonce: bigint, parts: Partial<AckPacket> = {}): Buffer {
    const said = { contiguous: 0, highest: 0, windowBytes: 0, ...parts };
    return lay((into) => encodeAck(into, { kind: 'ack', ...this.#head(nonce), ...said }));
  }

  /** Repeats a whole datagram of whomever; to the group with the nonce 0. */
  repair(nonce: bigint, original: Buffer): Buffer {
    const head = { ...this.#head(nonce), toGroup: nonce === NO_NONCE };
    const body = original.subarray(HEADER_BYTES);
    return lay((into) => encodeRepair(into, head, { origin: readNodeId(original, 2), type: original[1]!, body }));
  }

  resyncRequest(nonce: bigint, from: number, requestId = 1): Buffer {
    return lay((into) => encodeResyncRequest(into, { kind: 'resync-request', ...this.#head(nonce), requestId, from }));
  }

  resync(nonce: bigint, parts: Partial<ResyncPacket> = {}): Buffer {
    const said = { requestId: 1, from: 1, upTo: 1, buckets: 'all', ...parts } as const;
    return lay((into) => encodeResync(into, { kind: 'resync', ...this.#head(nonce), ...said }));
  }

  leave(nonce: bigint, highest = 0): Buffer {
    return lay((into) => encodeLeave(into, { kind: 'leave', ...this.#head(nonce), highest }));
  }

  ping(nonce: bigint, target: NodeId, token = 1): Buffer {
    return lay((into) => encodePing(into, { kind: 'ping', ...this.#head(nonce), token, target }));
  }

  pingRequest(nonce: bigint, target: NodeId, token = 1): Buffer {
    return lay((into) => encodePingRequest(into, { kind: 'ping-request', ...this.#head(nonce), token, target }));
  }

  pong(nonce: bigint, about: NodeId, token = 0, highest = 0): Buffer {
    const parts = { token, about, hearsGroup: true, highest };
    return lay((into) => encodePong(into, { kind: 'pong', ...this.#head(nonce), ...parts }));
  }

  peers(nonce: bigint, endpoints: readonly string[], request = false): Buffer {
    const known = endpoints.map((endpoint, index) => [readNodeId(Buffer.alloc(16, index + 1), 0), endpoint] as const);
    return this.peersById(nonce, known, request);
  }

  peersById(nonce: bigint, known: readonly (readonly [NodeId, string])[], request = false): Buffer {
    const entries = known.map(([id, endpoint]) => ({ id, endpoint, client: false, highest: 0 }));
    return lay((into) => encodePeers(into, { kind: 'peers', ...this.#head(nonce), request, members: NOBODY, entries }));
  }

  /** One of each kind, all with nonces that nobody gave. */
  everything(member: NodeId, victim: string): Buffer[] {
    return [
      this.heartbeat(),
      this.heartbeat({ count: 1, hash: 1, unheard: 'all' }),
      this.batch(['forged']),
      this.fragment({ totalBytes: 64 * 1024, bytes: Buffer.alloc(FRAGMENT_BYTES) }),
      this.hello(),
      this.hello({ toGroup: true }),
      this.hello({ kind: 'hello-ack', verified: true, echo: 77n }),
      this.leave(1n),
      this.ping(1n, member),
      this.pingRequest(1n, member),
      this.pong(1n, member, 0, 2 ** 47),
      this.peers(1n, [victim]),
      this.peers(1n, [victim], true),
      ...this.#reliability(member),
    ];
  }

  #reliability(member: NodeId): Buffer[] {
    const highest = 2 ** 47;
    const ofMember = new Forgery(member).batch(['repeated'], highest);
    return [
      this.heartbeat(NOBODY, { heard: [{ id: member, highest }], gone: [{ id: member, highest, seconds: 1 }] }),
      this.buckets(),
      this.beacon(1n, member, { highest }),
      this.beacon(NO_NONCE, this.sender, { highest }),
      this.nack(1n, member, [{ from: 1, count: 1000 }]),
      this.nack(1n, member),
      this.ack(1n, { contiguous: highest, highest }),
      this.repair(1n, ofMember),
      this.repair(NO_NONCE, ofMember),
      this.resyncRequest(1n, 1),
      this.resync(1n),
    ];
  }

  #head(nonce: bigint): { sender: NodeId; clusterTag: number; nonce: bigint } {
    return { sender: this.sender, clusterTag: TAG, nonce };
  }
}

function lay(write: (into: Buffer) => number): Buffer {
  const into = Buffer.alloc(MAX_DATAGRAM_BYTES);
  return into.subarray(0, write(into));
}

/** All that the node keeps of others, verified or not. */
export function keptBy({ node }: SimulatedNode): number {
  const { members, unverified } = node.stats();
  return members + unverified;
}
