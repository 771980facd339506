import type { Ask } from '../primitives/ask.js';
import { FNV_OFFSET_BASIS, FNV_PRIME, fnv1a32 } from '../primitives/fnv1a.js';
import type { NodeId } from '../primitives/node-id.js';
import { KEY_COUNT_AT, KEY_HEAD_BYTES, KEYS_AT } from './batch-layout.js';
import { writeHeader } from './header.js';
import type { FragmentedContent } from './key-attachment.js';
import { MAX_EVENT_DATAGRAM_BYTES, type PacketType } from './packet.js';
import { type AttachmentTlv, writeAttachmentTlv, writeClusterTlv, writeTrailer } from './trailer-encoder.js';
import {
  ASK_TOKEN_BYTES,
  askTlvBytes,
  attachmentTlvBytes,
  clusterTlvBytes,
  CONTENT_BYTES,
  CONTENT_TLV_BYTES,
  TlvType,
  TRAILER_BYTES,
} from './trailer-layout.js';

/** A UTF-16 code unit is at most this many bytes of UTF-8. */
const MAX_BYTES_PER_UNIT = 3;
const ASCII_END = 0x80;
/** Up to so long a key is written and hashed byte by byte, in half the time that it takes to call `write` and to hash it then. */
const SHORT_KEY = 64;

const NOWHERE = Buffer.alloc(0);

/**
 * Lays out one batch, or one datagram of patterns or questions, in the caller's buffer, key by key until no more fit: `begin`, then
 * `tryAdd` for as long as it says so, then `finish`. One writer lays out one datagram after the other.
 */
export class BatchWriter {
  #into: Buffer = NOWHERE;
  #clusterTag: number | undefined;
  #keyCount = 0;
  #keyHash = 0;
  /** Offset behind the last key. */
  #keysEnd = 0;
  /** Offset that the last key must not pass, as the trailer and the TLVs of all keys so far come behind. */
  #keysLimit = 0;
  /** They stand behind the last key, which is not known before the end. */
  readonly #attachments: AttachmentTlv[] = [];

  /** How many keys the datagram holds so far. */
  get count(): number {
    return this.#keyCount;
  }

  /** FNV-1a of the bytes of the key that was added last. */
  get keyHash(): number {
    return this.#keyHash;
  }

  /**
   * Starts a datagram at the beginning of `into`, which the writer uses until `finish`. What was begun before and not
   * finished is forgotten.
   *
   * @param clusterTag of the sender's cluster; `undefined`, or the tag itself, for the cluster `default`
   */
  begin(
    into: Buffer,
    type: typeof PacketType.BATCH | typeof PacketType.MATCHING | typeof PacketType.REQUEST,
    sender: NodeId,
    clusterTag: number | undefined,
  ): void {
    this.#into = into;
    this.#clusterTag = clusterTag;
    this.#keyCount = 0;
    this.#attachments.length = 0;
    writeHeader(into, type, sender);
    this.#keysEnd = KEYS_AT;
    this.#keysLimit = Math.min(into.length, MAX_EVENT_DATAGRAM_BYTES) - TRAILER_BYTES - clusterTlvBytes(clusterTag);
  }

  /**
   * Adds a key, or leaves the datagram as it is and returns `false` if it would not fit any more. The buffers are kept
   * until `finish`, and must not change before.
   *
   * @param ask what is wanted of those who deal with it
   */
  tryAdd(key: string, data: Buffer | undefined, metadata: Buffer | undefined, ask?: Ask): boolean {
    const keyAt = this.#keysEnd + KEY_HEAD_BYTES;
    const attachments = attachmentTlvBytes(data?.length) + attachmentTlvBytes(metadata?.length);
    const keysLimit = this.#keysLimit - attachments - askTlvBytes(ask);
    const room = keysLimit - keyAt;
    // Measuring a key costs as much as writing it, and only the last ones of a datagram could be too long.
    if (key.length * MAX_BYTES_PER_UNIT > room && Buffer.byteLength(key, 'utf8') > room) return false;
    const keyBytes = this.#write(key, keyAt);
    this.#into[this.#keysEnd] = keyBytes >>> 8;
    this.#into[this.#keysEnd + 1] = keyBytes;
    if (data !== undefined) this.#attach(TlvType.DATA, data);
    if (metadata !== undefined) this.#attach(TlvType.METADATA, metadata);
    if (ask !== undefined) this.#attach(TlvType.ASK, askValue(ask));
    this.#keyCount += 1;
    this.#keysEnd = keyAt + keyBytes;
    this.#keysLimit = keysLimit;
    return true;
  }

  /** Adds the key whose data and metadata stand in the fragments before this datagram, where it has to be the only one. */
  tryAddFragmented(key: string, ask: Ask | undefined, { totalBytes, metadataBytes }: FragmentedContent): boolean {
    const value = Buffer.alloc(CONTENT_BYTES);
    value.writeUInt32BE(metadataBytes, value.writeUInt32BE(totalBytes));
    this.#keysLimit -= CONTENT_TLV_BYTES;
    this.#attach(TlvType.CONTENT, value);
    return this.tryAdd(key, undefined, undefined, ask);
  }

  /** Ends the datagram and returns its length. */
  finish(sequence: number, floor: number, sentAtMs: number): number {
    const into = this.#into;
    into.writeUInt16BE(this.#keyCount, KEY_COUNT_AT);
    let at = writeTrailer(into, this.#keysEnd, { sequence, floor, sentAtMs });
    at = writeClusterTlv(into, at, this.#clusterTag);
    for (const attachment of this.#attachments) at = writeAttachmentTlv(into, at, attachment);
    this.#attachments.length = 0;
    this.#into = NOWHERE;
    this.#keysLimit = 0;
    return at;
  }

  #write(key: string, at: number): number {
    if (key.length > SHORT_KEY) return this.#writeAny(key, at);
    let hash = FNV_OFFSET_BASIS;
    for (let index = 0; index < key.length; index++) {
      const unit = key.charCodeAt(index);
      if (unit >= ASCII_END) return this.#writeAny(key, at);
      this.#into[at + index] = unit;
      hash = Math.imul(hash ^ unit, FNV_PRIME);
    }
    this.#keyHash = hash >>> 0;
    return key.length;
  }

  #writeAny(key: string, at: number): number {
    const bytes = this.#into.write(key, at, 'utf8');
    this.#keyHash = fnv1a32(this.#into.subarray(at, at + bytes));
    return bytes;
  }

  #attach(type: AttachmentTlv['type'], value: Buffer): void {
    this.#attachments.push({ type, keyIndex: this.#keyCount, value });
  }
}

function askValue({ token, zone = '' }: Ask): Buffer {
  const value = Buffer.alloc(ASK_TOKEN_BYTES + Buffer.byteLength(zone));
  value.write(zone, value.writeUInt32BE(token));
  return value;
}
