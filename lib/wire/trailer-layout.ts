import type { Ask } from '../primitives/ask.js';
import { NODE_ID_BYTES } from '../primitives/node-id.js';
import { isNamedCluster } from './cluster-tag.js';
import { MEMBER_SET_BYTES } from './member-set.js';

/** First byte of a trailer: `M`. */
export const TRAILER_MAGIC = 0x4d;

/** The upper four bits of the byte behind it. */
export const TRAILER_VERSION = 2;

/** What a trailer takes before its TLVs. */
export const TRAILER_BYTES = 20;

/** First byte of each TLV. Others are skipped. */
export const TlvType = {
  DATA: 0x01,
  METADATA: 0x02,
  CLUSTER: 0x04,
  MEMBERS: 0x05,
  HEARD: 0x06,
  GONE: 0x07,
  ASK: 0x08,
  CONTENT: 0x09,
} as const;

export type TlvType = (typeof TlvType)[keyof typeof TlvType];

/** Type and length of a TLV. */
export const TLV_HEAD_BYTES = 3;

/** The index of the key that a data or metadata TLV belongs to. */
export const KEY_INDEX_BYTES = 2;

export const CLUSTER_TAG_BYTES = 4;

/** The set of members, and how many are unheard. */
export const DIGEST_BYTES = MEMBER_SET_BYTES + 2;

export const SHORT_ID_BYTES = 4;

/** A node and the highest sequence known of it. */
export const HEARD_ENTRY_BYTES = NODE_ID_BYTES + 6;

/** The same, and for how many seconds it has been gone. */
export const GONE_ENTRY_BYTES = HEARD_ENTRY_BYTES + 2;

/** The token of an awaited answer. */
export const ASK_TOKEN_BYTES = 4;

/** How long data and metadata of one event may be together. */
export const MAX_CONTENT_BYTES = 64 * 1024;

/** How long data and metadata in fragments are together, and how long the metadata. */
export const CONTENT_BYTES = 4 + 4;

/** What the TLV takes that stands in their place. */
export const CONTENT_TLV_BYTES = TLV_HEAD_BYTES + KEY_INDEX_BYTES + CONTENT_BYTES;

/** Stands where the number of unheard members would, when it is all of them. */
export const ALL_UNHEARD = 0xffff;

/** What the cluster TLV takes: nothing in the cluster `default`. */
export function clusterTlvBytes(tag: number | undefined): number {
  return isNamedCluster(tag) ? TLV_HEAD_BYTES + CLUSTER_TAG_BYTES : 0;
}

/** What the TLV of a key takes of whose handlers something is wanted. */
export function askTlvBytes(ask: Ask | undefined): number {
  if (ask === undefined) return 0;
  return TLV_HEAD_BYTES + KEY_INDEX_BYTES + ASK_TOKEN_BYTES + Buffer.byteLength(ask.zone ?? '');
}

/** What a data or metadata TLV with a value of that many bytes takes. */
export function attachmentTlvBytes(valueBytes: number | undefined): number {
  return valueBytes === undefined ? 0 : TLV_HEAD_BYTES + KEY_INDEX_BYTES + valueBytes;
}
