import type { BucketSet } from '../primitives/bucket-set.js';
import type { Endpoint } from '../primitives/endpoint.js';
import type { NodeId } from '../primitives/node-id.js';
import type { Nonce } from '../primitives/nonce.js';
import type { ControlFrame } from './control-frame.js';
import type { FragmentPacket } from './fragment-packet.js';
import type { KeyAttachment } from './key-attachment.js';
import type { PingPacket, PingRequestPacket, PongPacket } from './probe-packet.js';
import type { ReceiptPacket, ReceiptRequestPacket } from './receipt-packet.js';
import type { ReplyPacket, ReplyRequestPacket, RequestPacket } from './request-packet.js';
import type { SealedPacket } from './sealed-packet.js';
import type { AckPacket, BeaconPacket, NackPacket, ResyncPacket, ResyncRequestPacket } from './repair-packet.js';

/** First byte of every datagram: `W`. */
export const MAGIC = 0x57;

/** Magic, type and node id. */
export const HEADER_BYTES = 18;

/** The largest datagram on the wire: the floor of RFC 9000 § 14, which passes every path without fragmentation. */
export const MAX_WIRE_BYTES = 1200;

/** What sealing adds: key id, cluster tag, counter and authentication tag, less the type that moves inside. */
export const SEAL_EXTRA_BYTES = 26;

/** The largest datagram that is laid out, sealed or not: what is kept to be repeated may have to be sealed later. */
export const MAX_DATAGRAM_BYTES = MAX_WIRE_BYTES - SEAL_EXTRA_BYTES;

/** What a repair puts around the body that it repeats, beyond the header that the original had. */
export const REPAIR_EXTRA_BYTES = 31;

/** The largest datagram with events: another node must be able to repeat it in a repair. */
export const MAX_EVENT_DATAGRAM_BYTES = MAX_DATAGRAM_BYTES - REPAIR_EXTRA_BYTES;

/** Second byte of a datagram. 1 to 3 are Warp Mesh v1, which ignores all others. */
export const PacketType = {
  INVALIDATE: 0x01,
  HEARTBEAT: 0x02,
  BATCH: 0x03,
  HELLO: 0x10,
  HELLO_ACK: 0x11,
  BEACON: 0x12,
  NACK: 0x13,
  ACK: 0x14,
  REPAIR: 0x15,
  RESYNC_REQ: 0x16,
  RESYNC: 0x17,
  LEAVE: 0x18,
  PING: 0x19,
  PING_REQ: 0x1a,
  PONG: 0x1b,
  PEERS: 0x1c,
  RECEIPT: 0x1d,
  RECEIPT_REQ: 0x1e,
  MATCHING: 0x1f,
  SEALED: 0x20,
  BUCKETS: 0x21,
  REQUEST: 0x22,
  REPLY: 0x23,
  REPLY_REQ: 0x24,
  FRAGMENT: 0x25,
} as const;

export type PacketType = (typeof PacketType)[keyof typeof PacketType];

/**
 * What an extended node says behind the declared body of a heartbeat, a batch or a matching event, where v1 does not
 * look. In a heartbeat `sequence` is the highest sent so far, in the others it is the datagram's own.
 */
export interface Trailer {
  readonly sequence: number;
  /** The oldest sequence that its origin can still repeat; one above the highest when it can repeat none. */
  readonly floor: number;
  /** The origin's wall clock, in ms since the epoch. It informs and never decides. */
  readonly sentAtMs: number;
  /** FNV-1a of the cluster's name; left out for the cluster `default`. */
  readonly clusterTag: number | undefined;
}

/** v1: one key. Sent by v1 nodes, and understood. */
export interface InvalidatePacket {
  readonly kind: 'invalidate';
  readonly sender: NodeId;
  readonly key: string;
}

/** What a heartbeat says of the members its sender knows. Only an extended node's has it. */
export interface MembershipDigest {
  /** Members other than the sender that it takes for alive. */
  readonly count: number;
  /** Exclusive or of the first six bytes of the ids of those members and of the sender. */
  readonly hash: number;
  /** Short ids of those that the sender does not hear through the group; `'all'` where it hears nobody so, or too few. */
  readonly unheard: readonly number[] | 'all';
}

/** The highest sequence that the sender knows of another node. */
export interface HeardEntry {
  readonly id: NodeId;
  readonly highest: number;
}

/** What the sender knows of a node that is gone. */
export interface GoneEntry extends HeardEntry {
  /** For how many seconds it has been gone, at most 65,535. */
  readonly seconds: number;
}

export interface HeartbeatPacket {
  readonly kind: 'heartbeat';
  readonly sender: NodeId;
  /** What the sender says its address is: as text, unchecked. */
  readonly address: string;
  readonly trailer: Trailer | undefined;
  readonly members: MembershipDigest | undefined;
  /** What the sender has heard of some other members. */
  readonly heard: readonly HeardEntry[] | undefined;
  /** What it has heard of some that are gone, those first that went lately. */
  readonly gone: readonly GoneEntry[] | undefined;
}

export interface BatchPacket {
  readonly kind: 'batch';
  readonly sender: NodeId;
  readonly keys: readonly string[];
  /** By the key's index; `undefined` when no key of the batch has any. */
  readonly attachments: ReadonlyMap<number, KeyAttachment> | undefined;
  readonly trailer: Trailer | undefined;
}

/** "All keys that match": globs, which are never keys. Only extended nodes send it. */
export interface MatchingPacket {
  readonly kind: 'matching';
  readonly sender: NodeId;
  readonly patterns: readonly string[];
  readonly trailer: Trailer;
}

/** All keys of these buckets: what remains of events that were too many to send. Only extended nodes send it. */
export interface BucketsPacket {
  readonly kind: 'buckets';
  readonly sender: NodeId;
  readonly buckets: BucketSet | 'all';
  readonly trailer: Trailer;
}

/** What has a sequence of its own, can be missed, and is repaired. */
export type SequencedPacket =
  (BatchPacket & { readonly trailer: Trailer }) | MatchingPacket | BucketsPacket | RequestPacket | FragmentPacket;

/** A greeting, and the answer to one. */
export interface HelloPacket {
  readonly kind: 'hello' | 'hello-ack';
  readonly sender: NodeId;
  readonly clusterTag: number;
  /** What the addressee is to echo. In a greeting to the group, one that proves nothing. */
  readonly nonce: Nonce;
  /** The addressee's nonce; `NO_NONCE` where none is known. */
  readonly echo: Nonce;
  /** The sender has seen its own nonce echoed by the addressee. */
  readonly verified: boolean;
  /** The sender has lately heard the addressee through the group. */
  readonly hearsGroup: boolean;
  /** This greeting went to the group, not to one address. */
  readonly toGroup: boolean;
  /** The sender only publishes: it counts for no quorum. */
  readonly client: boolean;
  readonly heartbeatMs: number;
  readonly highest: number;
  readonly floor: number;
  readonly members: { readonly count: number; readonly hash: number };
  readonly advertised: Endpoint;
  readonly zone: string | undefined;
  readonly cluster: string;
}

/** A datagram of `event.sender`, repeated by the sender as it was. */
export interface RepairPacket extends ControlFrame {
  readonly kind: 'repair';
  /** It went to the group, and so bears no nonce. */
  readonly toGroup: boolean;
  readonly event: SequencedPacket;
}

/** The sender goes; `highest` is the last sequence it sent. */
export interface LeavePacket extends ControlFrame {
  readonly kind: 'leave';
  readonly highest: number;
}

export interface PeerEntry {
  readonly id: NodeId;
  readonly endpoint: Endpoint;
  readonly client: boolean;
  readonly highest: number;
}

/** Who is known, or with `request` also the question who is. */
export interface PeersPacket extends ControlFrame {
  readonly kind: 'peers';
  readonly request: boolean;
  readonly members: { readonly count: number; readonly hash: number };
  readonly entries: readonly PeerEntry[];
}

/** A type that this version does not know. */
export interface UnknownPacket {
  readonly kind: 'unknown';
  readonly sender: NodeId;
  readonly type: number;
}

export type Packet =
  | InvalidatePacket
  | HeartbeatPacket
  | BatchPacket
  | MatchingPacket
  | BucketsPacket
  | RequestPacket
  | FragmentPacket
  | HelloPacket
  | BeaconPacket
  | NackPacket
  | AckPacket
  | RepairPacket
  | ResyncRequestPacket
  | ResyncPacket
  | LeavePacket
  | PingPacket
  | PingRequestPacket
  | PongPacket
  | PeersPacket
  | ReceiptPacket
  | ReceiptRequestPacket
  | ReplyPacket
  | ReplyRequestPacket
  | UnknownPacket;

/** Why a datagram was refused. */
export type DecodeFailure = 'too-short' | 'wrong-magic' | 'malformed' | 'unsupported-version';

/** A datagram that was read, or the reason why not. A failure is a value: it costs 6 ns where a throw costs 4.2 µs. */
export type Decoded = Packet | SealedPacket | { readonly kind: 'refused'; readonly reason: DecodeFailure };
