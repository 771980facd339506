import { NODE_ID_BYTES, readNodeId } from '../primitives/node-id.js';
import { MEMBER_SET_BYTES, readMemberSet } from './member-set.js';
import type { FragmentedContent, KeyAttachment } from './key-attachment.js';
import type { GoneEntry, HeardEntry, MembershipDigest, Trailer } from './packet.js';
import { REFUSAL, type Refusal } from './refusal.js';
import { readText } from './text.js';
import type { AttachmentTlv } from './trailer-encoder.js';
import {
  ALL_UNHEARD,
  ASK_TOKEN_BYTES,
  CLUSTER_TAG_BYTES,
  CONTENT_BYTES,
  DIGEST_BYTES,
  GONE_ENTRY_BYTES,
  HEARD_ENTRY_BYTES,
  KEY_INDEX_BYTES,
  MAX_CONTENT_BYTES,
  SHORT_ID_BYTES,
  TLV_HEAD_BYTES,
  TlvType,
  TRAILER_BYTES,
  TRAILER_MAGIC,
  TRAILER_VERSION,
} from './trailer-layout.js';

/** What stands behind the declared body of a datagram. */
export interface Tail {
  readonly kind: 'tail';
  readonly trailer: Trailer | undefined;
  readonly members: MembershipDigest | undefined;
  readonly heard: readonly HeardEntry[] | undefined;
  readonly gone: readonly GoneEntry[] | undefined;
  readonly attachments: ReadonlyMap<number, KeyAttachment> | undefined;
}

const NOTHING: KeyAttachment = { data: undefined, metadata: undefined };

const NO_TAIL: Tail = {
  kind: 'tail',
  trailer: undefined,
  members: undefined,
  heard: undefined,
  gone: undefined,
  attachments: undefined,
};

/** The values of the TLVs that were read so far. */
interface TlvValues {
  readonly keyCount: number;
  clusterTag: number | undefined;
  members: MembershipDigest | undefined;
  heard: readonly HeardEntry[] | undefined;
  gone: readonly GoneEntry[] | undefined;
  attachments: Map<number, KeyAttachment> | undefined;
}

/** Reads what follows `offset`, behind a body of `keyCount` keys. Everything in it is a copy. */
export function readTail(bytes: Buffer, offset: number, keyCount: number): Tail | Refusal {
  // What does not begin as ours is anybody's: v1 lets any bytes follow its body.
  if (bytes.length - offset < TRAILER_BYTES) return NO_TAIL;
  if (bytes[offset] !== TRAILER_MAGIC || bytes[offset + 1]! >>> 4 !== TRAILER_VERSION) return NO_TAIL;
  const values: TlvValues = {
    keyCount,
    clusterTag: undefined,
    members: undefined,
    heard: undefined,
    gone: undefined,
    attachments: undefined,
  };
  const refusal = readTlvs(bytes, offset + TRAILER_BYTES, values);
  if (refusal !== undefined) return refusal;
  const trailer = {
    sequence: bytes.readUIntBE(offset + 2, 6),
    floor: bytes.readUIntBE(offset + 8, 6),
    sentAtMs: bytes.readUIntBE(offset + 14, 6),
    clusterTag: values.clusterTag,
  };
  const { members, heard, gone, attachments } = values;
  return { kind: 'tail', trailer, members, heard, gone, attachments };
}

function readTlvs(bytes: Buffer, offset: number, values: TlvValues): Refusal | undefined {
  let at = offset;
  while (at < bytes.length) {
    const start = at + TLV_HEAD_BYTES;
    if (start > bytes.length) return REFUSAL.TOO_SHORT;
    const end = start + bytes.readUInt16BE(at + 1);
    if (end > bytes.length) return REFUSAL.TOO_SHORT;
    if (!readTlv(bytes[at]!, bytes.subarray(start, end), values)) return REFUSAL.MALFORMED;
    at = end;
  }
  return undefined;
}

/** Whether the value is one that its type allows. A later value of the same kind takes the place of an earlier one. */
function readTlv(type: number, value: Buffer, into: TlvValues): boolean {
  switch (type) {
    case TlvType.DATA:
    case TlvType.METADATA:
    case TlvType.ASK:
      return readAttachment(type, value, into);
    case TlvType.CONTENT:
      return readContent(value, into);
    case TlvType.CLUSTER:
      if (value.length < CLUSTER_TAG_BYTES) return false;
      into.clusterTag = value.readUInt32BE(0);
      return true;
    case TlvType.MEMBERS:
      into.members = readMembers(value);
      return into.members !== undefined;
    case TlvType.GONE:
      into.gone = readGone(value);
      return into.gone !== undefined;
    case TlvType.HEARD:
      into.heard = readHeard(value);
      return into.heard !== undefined;
    default:
      return true;
  }
}

function readAttachment(type: AttachmentTlv['type'], value: Buffer, into: TlvValues): boolean {
  if (value.length < KEY_INDEX_BYTES) return false;
  const keyIndex = value.readUInt16BE(0);
  if (keyIndex >= into.keyCount) return false;
  into.attachments ??= new Map();
  const known = into.attachments.get(keyIndex);
  if (type === TlvType.ASK) {
    if (value.length < KEY_INDEX_BYTES + ASK_TOKEN_BYTES) return false;
    const zone = readText(value, KEY_INDEX_BYTES + ASK_TOKEN_BYTES, value.length);
    if (zone === undefined) return false;
    const token = value.readUInt32BE(KEY_INDEX_BYTES);
    const ask = zone === '' ? { token } : { token, zone };
    into.attachments.set(keyIndex, { ...(known ?? NOTHING), ask });
    return true;
  }
  if (known?.content !== undefined) return false;
  const copy = Buffer.from(value.subarray(KEY_INDEX_BYTES));
  into.attachments.set(keyIndex, {
    data: type === TlvType.DATA ? copy : known?.data,
    metadata: type === TlvType.METADATA ? copy : known?.metadata,
    ...(known?.ask !== undefined && { ask: known.ask }),
  });
  return true;
}

/** Of the only key of a datagram, whose data and metadata are elsewhere. */
function readContent(value: Buffer, into: TlvValues): boolean {
  if (value.length < KEY_INDEX_BYTES + CONTENT_BYTES || into.keyCount !== 1 || value.readUInt16BE(0) !== 0)
    return false;
  const totalBytes = value.readUInt32BE(KEY_INDEX_BYTES);
  const metadataBytes = value.readUInt32BE(KEY_INDEX_BYTES + 4);
  if (totalBytes === 0 || totalBytes > MAX_CONTENT_BYTES || metadataBytes > totalBytes) return false;
  const content: FragmentedContent = { totalBytes, metadataBytes };
  into.attachments ??= new Map();
  const known = into.attachments.get(0) ?? NOTHING;
  if (known.data !== undefined || known.metadata !== undefined) return false;
  into.attachments.set(0, { ...known, content });
  return true;
}

function readMembers(value: Buffer): MembershipDigest | undefined {
  if (value.length < DIGEST_BYTES) return undefined;
  const { count, hash } = readMemberSet(value, 0);
  const unheardCount = value.readUInt16BE(MEMBER_SET_BYTES);
  if (unheardCount === ALL_UNHEARD) return { count, hash, unheard: 'all' };
  if (value.length < DIGEST_BYTES + unheardCount * SHORT_ID_BYTES) return undefined;
  const unheard: number[] = [];
  for (let index = 0; index < unheardCount; index += 1) {
    unheard.push(value.readUInt32BE(DIGEST_BYTES + index * SHORT_ID_BYTES));
  }
  return { count, hash, unheard };
}

function readHeard(value: Buffer): HeardEntry[] | undefined {
  if (value.length % HEARD_ENTRY_BYTES !== 0) return undefined;
  const heard: HeardEntry[] = [];
  for (let at = 0; at < value.length; at += HEARD_ENTRY_BYTES) {
    heard.push({ id: readNodeId(value, at), highest: value.readUIntBE(at + NODE_ID_BYTES, 6) });
  }
  return heard;
}

function readGone(value: Buffer): GoneEntry[] | undefined {
  if (value.length % GONE_ENTRY_BYTES !== 0) return undefined;
  const gone: GoneEntry[] = [];
  for (let at = 0; at < value.length; at += GONE_ENTRY_BYTES) {
    gone.push({
      id: readNodeId(value, at),
      highest: value.readUIntBE(at + NODE_ID_BYTES, 6),
      seconds: value.readUInt16BE(at + HEARD_ENTRY_BYTES),
    });
  }
  return gone;
}
