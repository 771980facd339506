import { writeNodeId } from '../primitives/node-id.js';
import { isNamedCluster } from './cluster-tag.js';
import { writeMemberSet } from './member-set.js';
import type { GoneEntry, HeardEntry, MembershipDigest } from './packet.js';
import {
  ALL_UNHEARD,
  CLUSTER_TAG_BYTES,
  DIGEST_BYTES,
  GONE_ENTRY_BYTES,
  HEARD_ENTRY_BYTES,
  KEY_INDEX_BYTES,
  SHORT_ID_BYTES,
  TlvType,
  TRAILER_MAGIC,
  TRAILER_VERSION,
} from './trailer-layout.js';

/**
 * How many members a heartbeat lists as unheard. Who hears fewer through the group says `'all'`: beside a list of this
 * length, and what was heard of others and of those gone, 49 bytes remain for what later versions have to say.
 */
export const MAX_UNHEARD_COUNT = 128;

/** Of how many others a heartbeat says what was heard; it is for the next ones to go on. */
export const MAX_HEARD_COUNT = 16;

/** Of how many that are gone. What was heard of others makes room for more than 8. */
export const MAX_GONE_COUNT = 20;
const HEARSAY_BYTES = MAX_HEARD_COUNT * HEARD_ENTRY_BYTES + 8 * GONE_ENTRY_BYTES;

/** Stands for longer times too. */
export const MAX_GONE_SECONDS = 0xffff;

/** What the fixed part of a trailer says. */
export interface TrailerNumbers {
  readonly sequence: number;
  readonly floor: number;
  readonly sentAtMs: number;
}

/** Writes the fixed part of a trailer and returns the offset behind it. */
export function writeTrailer(into: Buffer, offset: number, numbers: TrailerNumbers): number {
  into[offset] = TRAILER_MAGIC;
  into[offset + 1] = TRAILER_VERSION << 4;
  let at = into.writeUIntBE(numbers.sequence, offset + 2, 6);
  at = into.writeUIntBE(numbers.floor, at, 6);
  return into.writeUIntBE(numbers.sentAtMs, at, 6);
}

/** Names the cluster, unless it is `default`, and returns the offset behind it. */
export function writeClusterTlv(into: Buffer, offset: number, tag: number | undefined): number {
  if (!isNamedCluster(tag)) return offset;
  const at = writeTlvHead(into, offset, TlvType.CLUSTER, CLUSTER_TAG_BYTES);
  return into.writeUInt32BE(tag, at);
}

/** What belongs to one key. */
export interface AttachmentTlv {
  readonly type: typeof TlvType.DATA | typeof TlvType.METADATA | typeof TlvType.ASK | typeof TlvType.CONTENT;
  readonly keyIndex: number;
  readonly value: Buffer;
}

export function writeAttachmentTlv(into: Buffer, offset: number, tlv: AttachmentTlv): number {
  const at = writeTlvHead(into, offset, tlv.type, KEY_INDEX_BYTES + tlv.value.length);
  const valueAt = into.writeUInt16BE(tlv.keyIndex, at);
  return valueAt + tlv.value.copy(into, valueAt);
}

export function writeMembersTlv(into: Buffer, offset: number, members: MembershipDigest): number {
  const { unheard } = members;
  const listed = unheard === 'all' || unheard.length > MAX_UNHEARD_COUNT ? undefined : unheard;
  const listBytes = SHORT_ID_BYTES * (listed?.length ?? 0);
  let at = writeTlvHead(into, offset, TlvType.MEMBERS, DIGEST_BYTES + listBytes);
  at = writeMemberSet(into, at, members);
  at = into.writeUInt16BE(listed?.length ?? ALL_UNHEARD, at);
  if (listed === undefined) return at;
  for (const shortId of listed) at = into.writeUInt32BE(shortId, at);
  return at;
}

/** What a heartbeat has room for beside so many that are gone. */
export function roomForHeard(goneCount: number): number {
  const besides = HEARSAY_BYTES - Math.min(goneCount, MAX_GONE_COUNT) * GONE_ENTRY_BYTES;
  return Math.min(MAX_HEARD_COUNT, Math.floor(besides / HEARD_ENTRY_BYTES));
}

/** Entries that are more than what there is room for are left out. */
export function writeHeardTlv(into: Buffer, offset: number, heard: readonly HeardEntry[], room: number): number {
  const count = Math.min(heard.length, room);
  let at = writeTlvHead(into, offset, TlvType.HEARD, count * HEARD_ENTRY_BYTES);
  for (let index = 0; index < count; index += 1) {
    const { id, highest } = heard[index]!;
    at = into.writeUIntBE(highest, writeNodeId(id, into, at), 6);
  }
  return at;
}

/** Entries beyond `MAX_GONE_COUNT` are left out. */
export function writeGoneTlv(into: Buffer, offset: number, gone: readonly GoneEntry[]): number {
  const count = Math.min(gone.length, MAX_GONE_COUNT);
  let at = writeTlvHead(into, offset, TlvType.GONE, count * GONE_ENTRY_BYTES);
  for (let index = 0; index < count; index += 1) {
    const { id, highest, seconds } = gone[index]!;
    at = into.writeUIntBE(highest, writeNodeId(id, into, at), 6);
    at = into.writeUInt16BE(Math.min(seconds, MAX_GONE_SECONDS), at);
  }
  return at;
}

function writeTlvHead(into: Buffer, offset: number, type: TlvType, valueBytes: number): number {
  into[offset] = type;
  return into.writeUInt16BE(valueBytes, offset + 1);
}
